// SPDX-License-Identifier: MIT
// `writewatch`: the command that people meet first.
#include "application.h"

int main(int argument_count, char** arguments) {
    return ww::command::Application{}.run(argument_count, arguments);
}
