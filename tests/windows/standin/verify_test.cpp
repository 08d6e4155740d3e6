// SPDX-License-Identifier: MIT
// WRITEWATCH=verify in front of a stand-in, with a kernel that tells the truth,
// and with one that loses a report (lying_kernel.cpp).
#include <doctest/doctest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    REQUIRE_MESSAGE(value != nullptr, name);
    return value;
}

// What is said on stderr, then the client's line: where its memory is, and how
// many pages each query reported.
std::string client(const std::string& mode, const std::string& argument) {
    unsetenv("LD_LIBRARY_PATH");
    const std::string command = "WRITEWATCH=" + mode + " LD_PRELOAD='" + variable("WW_PLUGIN") +
                                " " + variable("WW_LYING_KERNEL") + "' " + variable("WW_CLIENT") +
                                " " + variable("WW_STANDIN") + " " + argument + " 2>&1";
    std::string output;
    std::FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe))
        output += static_cast<char>(byte);
    pclose(pipe);
    return output;
}

std::string last_line(const std::string& output) {
    const std::size_t end = output.rfind('\n', output.size() - 2);
    return end == std::string::npos ? output : output.substr(end + 1);
}

std::string page_name(const std::string& line, unsigned page) {
    char name[24];
    std::snprintf(name, sizeof name, "0x%llX",
                  std::strtoull(line.c_str(), nullptr, 16) + page * 4096);
    return name;
}

std::string counts(const std::string& line) {
    return line.substr(line.find(' '));
}

} // namespace

TEST_CASE("verify, every write reported: nothing is said, the answers are the same") {
    const std::string output = client("verify", "");
    CHECK(output == last_line(output));
    CHECK(counts(output) == " 2 2 2 0 0\n");
    CHECK(counts(client("on", "")) == " 2 2 2 0 0\n");
}

TEST_CASE("verify, a report lost: one line for each page, with its address") {
    // Pages 2 and 3 are one region, and both are lost.
    const std::string output = client("verify", "lie");
    const std::string line = last_line(output);
    CHECK(counts(line) == " 2 2 0 0 0\n");
    std::string expected;
    for (const unsigned page : {2U, 3U})
        expected += "writewatch: verify: page " + page_name(line, page) +
                    " changed without being reported\n";
    CHECK(output == expected + line);
}

TEST_CASE("the same without verify: lost, and nobody knows") {
    const std::string output = client("on", "lie");
    CHECK(output == last_line(output));
    CHECK(counts(output) == " 2 2 0 0 0\n");
}
