// SPDX-License-Identifier: MIT
// Each system call fails once, in each way that is plausible.
#include "need.h"
#include "scenario.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <link.h>
#include <linux/ioctl.h>
#include <vector>

namespace {

using failing::Failure;

// Environments: what they lack, for all of a scenario.
const Failure kNoSystemCall[] = {{"syscall", SYS_userfaultfd, EPERM}};
const Failure kNoQuery[] = {{"ioctl", 0xc0686611, ENOTTY}}; // PROCMAP_QUERY, before Linux 6.11
const Failure kNoSeal[] = {{.call = "syscall", // MFD_NOEXEC_SEAL, before Linux 6.3
                            .what = SYS_memfd_create,
                            .error = EINVAL,
                            .flags = 8}};
const struct {
    const char* name;
    std::span<const Failure> absent;
    bool counters_in_folder = false;
} kEnvironments[] = {
    {"this kernel", {}},
    {"userfaultfd only as a device", kNoSystemCall},
    {"mappings only as text", kNoQuery},
    {"memory files that can be executed", kNoSeal},
    {"counters in a folder", {}, true},
};

// Where the user wants the counters, emptied before each scenario.
class CountersFolder {
public:
    explicit CountersFolder(bool wanted) {
        if (!wanted)
            return;
        char path[] = "/dev/shm/failing-calls.XXXXXX";
        REQUIRE(::mkdtemp(path) != nullptr);
        path_ = path;
        ::setenv("WRITEWATCH_COUNTERS", path, 1);
    }
    ~CountersFolder() {
        ::unsetenv("WRITEWATCH_COUNTERS");
        if (!path_.empty())
            std::filesystem::remove_all(path_);
    }
    CountersFolder(const CountersFolder&) = delete;
    CountersFolder& operator=(const CountersFolder&) = delete;

    void empty() const {
        if (path_.empty())
            return;
        std::filesystem::remove_all(path_);
        std::filesystem::create_directory(path_);
    }

private:
    std::string path_;
};

struct Planned {
    long number;
    const Failure* failure;
};

std::vector<Planned> plan(const CountersFolder& folder) {
    failing::disarm();
    folder.empty();
    run_scenario();
    std::vector<Planned> planned;
    for (long number = 0; number < failing::calls(); ++number) {
        for (const Failure& failure : failing::all_failures()) {
            if (failing::concerns(number, failure))
                planned.push_back({number, &failure});
        }
    }
    return planned;
}

// What tools that read the file know nothing of.
std::uintptr_t where_loaded() {
    std::uintptr_t address = 0;
    const auto first = [](dl_phdr_info* program, std::size_t, void* out) {
        *static_cast<std::uintptr_t*>(out) = program->dlpi_addr;
        return 1;
    };
    ::dl_iterate_phdr(first, &address);
    return address;
}

} // namespace

TEST_CASE("whichever system call fails: errors are told, no write is lost, all works afterwards") {
    std::size_t failed = 0;
    for (const auto& environment : kEnvironments) {
        CAPTURE(environment.name);
        failing::set_absent(environment.absent);
        const CountersFolder folder{environment.counters_in_folder};
        for (const Planned& planned : plan(folder)) {
            const std::string what = failing::describe(*planned.failure);
            CAPTURE(planned.number);
            CAPTURE(what);
            folder.empty();
            failing::arm(planned.number, *planned.failure);
            run_scenario();
            failed += failing::happened();
        }
        failing::set_absent({});
    }
    CHECK(failed > 500);
    std::printf("%zu failures\n", failed);
}

int main(int argc, char** argv) {
    const int result = run_with_backend(argc, argv);
    for (const std::uintptr_t place : failing::failed_places())
        std::printf("place %#lx\n", static_cast<unsigned long>(place - where_loaded()));
    return result;
}
