// SPDX-License-Identifier: MIT
// What the plugin does to a program that loads some ntdll.so, and to one that
// loads something else. Every case is a process of its own.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

std::string output_of(const std::string& command) {
    // Meson's leads to every library of the build: too easy.
    unsetenv("LD_LIBRARY_PATH");
    std::string output;
    std::FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe))
        output += static_cast<char>(byte);
    pclose(pipe);
    return output;
}

// What the program says on stderr and then on stdout with the plugin loaded.
std::string preloaded(const std::string& settings, const std::string& program) {
    return output_of("LD_PRELOAD='" + variable("WW_PLUGIN") + "' " + settings + " " + program +
                     " 2>&1");
}

std::string load(const std::string& standin, const std::string& settings = "") {
    return preloaded(settings,
                     variable("WW_LOADER") + " " + variable("WW_STANDINS") + "/" + standin + ".so");
}

// Those that this architecture's Wines use; the last is that of stand-ins with a fault.
std::vector<std::string> conventions() {
    std::istringstream words(variable("WW_CONVENTIONS"));
    std::vector<std::string> found;
    for (std::string word; words >> word;)
        found.push_back(word);
    REQUIRE_FALSE(found.empty());
    return found;
}

const std::string kUntouched = "untouched\nr--p\n";
const std::string kTaken = "taken\nr--p\n";

} // namespace

TEST_CASE("ntdll.so as expected: taken over without a word, the table read-only again") {
    for (const std::string& convention : conventions())
        CHECK(load("standin-" + convention) == kTaken);
}

TEST_CASE("WRITEWATCH_LOG=1: one line with convention and back end, however often it is loaded") {
    for (const std::string& convention : conventions()) {
        CHECK(load("standin-" + convention, "WRITEWATCH_LOG=1") ==
              "writewatch: serving write watches (" + convention +
                  " convention, back end pagemap-scan)\n" + kTaken);
        CHECK(load("standin-" + convention, "WRITEWATCH_LOG=0") == kTaken);
    }
}

TEST_CASE("WRITEWATCH=off: left alone without a word") {
    for (const std::string& convention : conventions())
        CHECK(load("standin-" + convention, "WRITEWATCH=off WRITEWATCH_LOG=1") == kUntouched);
}

TEST_CASE("an entry that is missing in the table: left alone, one line says which") {
    CHECK(load("standin-missing") ==
          "writewatch: standing aside: NtResetWriteWatch is not in Wine's system-call table\n" +
              kUntouched);
}

TEST_CASE("an entry that is there twice: left alone, one line says which") {
    CHECK(load("standin-twice") == "writewatch: standing aside: NtFreeVirtualMemory is in "
                                   "ntdll.so's data more than once\n" +
                                       kUntouched);
}

TEST_CASE("a function that is not exported: left alone, one line says which") {
    CHECK(load("standin-unexported") ==
          "writewatch: standing aside: NtAllocateVirtualMemoryEx is not in ntdll.so\n" +
              kUntouched);
}

TEST_CASE("an answer that fits no convention: left alone, one line has the answer") {
    CHECK(load("standin-odd_answer") ==
          "writewatch: standing aside: unknown calling convention: NtGetWriteWatch answers a call "
          "without arguments with 0xC0DEFEED\n" +
              kUntouched);
}

#ifdef __i386__
TEST_CASE("functions that leave their arguments on the stack: left alone, one line says so") {
    CHECK(load("standin-cdecl") ==
          "writewatch: standing aside: unknown calling convention: NtGetWriteWatch answers a call "
          "without arguments with 0xC000000D\n" +
              kUntouched);
}
#endif

TEST_CASE("a kernel that cannot: left alone, one line says why") {
    // No descriptors: neither userfaultfd nor pagemap.
    const std::string said = load("standin-no_descriptors");
    const std::string expected_start = "writewatch: standing aside: ";
    CHECK(said.compare(0, expected_start.size(), expected_start) == 0);
    CHECK(said.find('\n') == said.size() - kUntouched.size() - 1);
    CHECK(said.substr(said.find('\n') + 1) == kUntouched);
}

TEST_CASE("dlopen of a bare name: found by the caller's RUNPATH, as without the plugin") {
    const std::string client = variable("WW_RUNPATH_CLIENT");
    CHECK(output_of(client + " 2>&1") == "neighbour\n");
    CHECK(preloaded("", client) == "neighbour\n");
    CHECK(preloaded("WRITEWATCH=off", client) == "neighbour\n");
}

TEST_CASE("another library that interposes dlopen, behind the plugin: still gets its turn") {
    const std::string both = "LD_PRELOAD='" + variable("WW_PLUGIN") + " " +
                             variable("WW_INTERPOSER") + "' " + variable("WW_RUNPATH_CLIENT") +
                             " 2>&1";
    CHECK(output_of(both).rfind("interposed libneighbour.so\n", 0) == 0);
}
