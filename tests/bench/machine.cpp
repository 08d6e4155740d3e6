// SPDX-License-Identifier: MIT
#include "machine.h"

#include "memory.h"

#include <fstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

std::string cpu() {
    std::ifstream lines{"/proc/cpuinfo"};
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("model name", 0) == 0)
            return line.substr(line.find(':') + 2);
    }
    return "unknown";
}

std::string load() {
    std::ifstream file{"/proc/loadavg"};
    std::string minute;
    file >> minute;
    return minute;
}

std::string memory() {
    const auto pages = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES));
    return size_name(pages * page_bytes());
}

} // namespace

std::vector<std::pair<std::string, std::string>> machine() {
    utsname kernel{};
    ::uname(&kernel);
    return {{"kernel", std::string{kernel.sysname} + " " + kernel.release + " " + kernel.machine},
            {"cpu", cpu()},
            {"cores", std::to_string(std::thread::hardware_concurrency())},
            {"page size", std::to_string(page_bytes())},
            {"memory", memory()},
            {"load", load()}};
}

} // namespace bench
