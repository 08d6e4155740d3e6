// SPDX-License-Identifier: MIT
#pragma once

namespace standin {

// dlopen() of a library under the name that the plugin waits for.
void* open_as_ntdll(const char* library);

} // namespace standin
