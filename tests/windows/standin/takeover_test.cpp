// SPDX-License-Identifier: MIT
// What the plugin does to a program that loads some ntdll.so, and to one that
// loads something else. Every case is a process of its own.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

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

std::string a_standin() {
    return "standin-" + conventions().front();
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

TEST_CASE("WRITEWATCH of another value: left alone, one line says which are known") {
    CHECK(load(a_standin(), "WRITEWATCH=offf") ==
          "writewatch: standing aside: WRITEWATCH is none of on, off and verify\n" + kUntouched);
    CHECK(load(a_standin(), "WRITEWATCH=on") == kTaken);
    CHECK(load(a_standin(), "WRITEWATCH=") == kTaken);
}

TEST_CASE("WRITEWATCH_PROGRAMS: only the named programs, or all but the excluded") {
    const std::string standin = a_standin();
    CHECK(load(standin, "WRITEWATCH_PROGRAMS=other.exe," + standin + ".so") == kTaken);
    CHECK(load(standin, "WRITEWATCH_PROGRAMS=other.exe") == kUntouched);
    CHECK(load(standin, "WRITEWATCH_PROGRAMS=-other.exe") == kTaken);
    CHECK(load(standin, "WRITEWATCH_PROGRAMS=-" + standin + ".so") == kUntouched);
}

TEST_CASE("WRITEWATCH_PROGRAMS_FILE: the same from a file, which has to be there") {
    const std::string standin = a_standin();
    char name[] = "/tmp/programs-XXXXXX";
    const int file = mkstemp(name);
    REQUIRE(file >= 0);
    const std::string list = "# served\n" + standin + ".so\n";
    REQUIRE(write(file, list.data(), list.size()) == static_cast<ssize_t>(list.size()));
    CHECK(load(standin, std::string("WRITEWATCH_PROGRAMS_FILE=") + name) == kTaken);
    REQUIRE(ftruncate(file, 0) == 0);
    REQUIRE(pwrite(file, "other.exe", 9, 0) == 9);
    CHECK(load(standin, std::string("WRITEWATCH_PROGRAMS_FILE=") + name) == kUntouched);
    REQUIRE(ftruncate(file, 1 << 20) == 0);
    CHECK(load(standin, std::string("WRITEWATCH_PROGRAMS_FILE=") + name) ==
          "writewatch: standing aside: WRITEWATCH_PROGRAMS_FILE is too long\n" + kUntouched);
    close(file);
    unlink(name);
    CHECK(load(standin, std::string("WRITEWATCH_PROGRAMS_FILE=") + name) ==
          "writewatch: standing aside: WRITEWATCH_PROGRAMS_FILE cannot be opened\n" + kUntouched);
}

TEST_CASE("a program that executes itself anew, as Wine does: one line for both") {
    const std::string again =
        variable("WW_LOADER") + " " + variable("WW_STANDINS") + "/" + a_standin() + ".so --again";
    const std::string said = preloaded("WRITEWATCH_LOG=1", again);
    CHECK(said.rfind("writewatch: serving write watches (", 0) == 0);
    CHECK(said.find("writewatch", 1) == std::string::npos);
    CHECK(said.substr(said.find('\n') + 1) == kTaken + kTaken);
}

TEST_CASE("loaded after ntdll.so: takes over all the same, without a word") {
    const std::string late = variable("WW_LOADER") + " " + variable("WW_STANDINS") + "/" +
                             a_standin() + ".so --late " + variable("WW_PLUGIN");
    CHECK(output_of(late + " 2>&1") == kTaken);
    CHECK(output_of("WRITEWATCH=off " + late + " 2>&1") == kUntouched);
}

TEST_CASE("loaded after somebody else took an entry: left alone, one line says which") {
    const std::string hooked = variable("WW_LOADER") + " " + variable("WW_STANDINS") + "/" +
                               a_standin() + ".so --hooked " + variable("WW_PLUGIN");
    CHECK(output_of(hooked + " 2>&1") ==
          "writewatch: standing aside: NtResetWriteWatch is not in Wine's system-call table\n"
          "half\nr--p\n");
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
