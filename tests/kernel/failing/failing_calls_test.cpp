// SPDX-License-Identifier: MIT
// Each system call fails once, in each way that is plausible.
#include "in_child.h"
#include "need.h"
#include "scenario.h"

#include <csignal>
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
    ww_backend backend;
    std::span<const Failure> absent;
    bool counters_in_folder = false;
} kEnvironments[] = {
    {"this kernel", WW_BACKEND_PAGEMAP_SCAN, {}},
    {"userfaultfd only as a device", WW_BACKEND_PAGEMAP_SCAN, kNoSystemCall},
    {"mappings only as text", WW_BACKEND_PAGEMAP_SCAN, kNoQuery},
    {"memory files that can be executed", WW_BACKEND_PAGEMAP_SCAN, kNoSeal},
    {"counters in a folder", WW_BACKEND_PAGEMAP_SCAN, {}, true},
    {"mprotect", WW_BACKEND_MPROTECT, {}},
    {"mprotect, mappings only as text", WW_BACKEND_MPROTECT, kNoQuery},
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

std::vector<Planned> plan(const CountersFolder& folder, ww_backend backend) {
    failing::disarm();
    folder.empty();
    run_scenario(backend);
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

int create_by_mprotect(ww_tracker** tracker) {
    const failing::Inside inside;
    return ww_tracker_create_with(tracker, WW_BACKEND_MPROTECT);
}

bool has_handler() {
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    return (now.sa_flags & SA_SIGINFO) != 0;
}

} // namespace

// The first case of all: the handler is installed once in a process.
TEST_CASE("a handler that cannot be installed is an error, and the next call installs it") {
    REQUIRE_FALSE(has_handler());
    for (const int error : {EPERM, ENOSYS}) {
        for (const int calls_before : {0, 1}) {
            CAPTURE(calls_before);
            CHECK(in_child([&] {
                      ww_tracker* tracker = nullptr;
                      failing::arm_next({"sigaction", 0, error}, calls_before);
                      EXPECT(create_by_mprotect(&tracker) == -error);
                      EXPECT(tracker == nullptr && !has_handler());
                      EXPECT(create_by_mprotect(&tracker) == 0);
                      EXPECT(has_handler());
                      return 0;
                  }) == 0);
        }
    }
}

TEST_CASE("whichever system call fails: errors are told, no write is lost, all works afterwards") {
    std::size_t failed = 0;
    for (const auto& environment : kEnvironments) {
        CAPTURE(environment.name);
        failing::set_absent(environment.absent);
        const CountersFolder folder{environment.counters_in_folder};
        for (const Planned& planned : plan(folder, environment.backend)) {
            const std::string what = failing::describe(*planned.failure);
            CAPTURE(planned.number);
            CAPTURE(what);
            folder.empty();
            failing::arm(planned.number, *planned.failure);
            run_scenario(environment.backend);
            failed += failing::happened();
        }
        failing::set_absent({});
    }
    CHECK(failed > 500);
    std::printf("%zu failures\n", failed);
}

int main(int argc, char** argv) {
    const int result = run_with_backend(argc, argv);
    for (const failing::Place& place : failing::failed_places())
        std::printf("place %#lx %s\n",
                    static_cast<unsigned long>(place.return_address - where_loaded()), place.call);
    return result;
}
