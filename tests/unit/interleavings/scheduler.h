// SPDX-License-Identifier: MIT
// Runs a few threads in every order in which their atomic operations can
// follow each other. One real thread: each modelled one is a fiber that stops
// in front of every operation. An execution is repeated from its start with the
// next choice until all were taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace model {

enum class Memory {
    // One operation after the other; orders that differ only in operations that
    // do not touch each other are taken once.
    sequential,
    // A load may also give an older value that nothing seen so far has made
    // impossible: release and acquire are needed where they matter.
    weak,
};

// What the threads of each execution work on.
enum class Objects {
    anew, // is made for it
    kept, // is the same each time: an execution that would only repeat another
          // one is brought to its end, and there are no steps where only one
          // thread ever comes, or nobody ever writes
};

enum class Order { relaxed, acquire, release, acq_rel, seq_cst };

// What a thread has seen: the number of the newest store to each place.
using View = std::map<const void*, std::size_t>;

class Scheduler {
public:
    using Body = std::function<void()>;

    // Calls `prepare` for the threads of a new execution and `check` behind its
    // end, once for each order; gives the number of executions.
    static std::size_t explore(Memory memory, const std::function<std::vector<Body>()>& prepare,
                               const Body& check, Objects objects = Objects::anew);

    // The one that runs a thread just now; nullptr outside of all threads.
    static Scheduler* current() {
        return current_ != nullptr && current_->running_ ? current_ : nullptr;
    }

    // For operations: stops in front of one.
    void step(const void* place, bool writes);
    // What a load gives, `newest` being what stands there.
    std::uint64_t load(const void* place, Order order, std::uint64_t newest);
    void store(const void* place, Order order, std::uint64_t before, std::uint64_t value,
               bool reads_too);

private:
    struct Fiber;
    struct Message {
        std::uint64_t value;
        View view; // what who loads it with acquire has seen, too
    };
    struct Uses {
        std::size_t first_thread;
        bool by_several;
        bool for_writing;
        bool contended() const { return by_several && for_writing; }
    };
    struct Choice {
        std::size_t taken;
        std::size_t count;
    };

    Scheduler(Memory memory, Objects objects) : memory_(memory), objects_(objects) {}
    bool next_path();
    std::size_t choose(std::size_t count);
    bool run(const std::vector<Body>& bodies);
    bool resume_one(std::vector<std::unique_ptr<Fiber>>& fibers);
    void resume(Fiber& fiber);
    bool is_contended(const void* place, std::size_t thread, bool writes);
    std::vector<Message>& history(const void* place, std::uint64_t value);
    static void enter(unsigned high, unsigned low);

    Memory memory_;
    Objects objects_;
    std::vector<std::unique_ptr<char[]>> stacks_; // the threads', for all executions
    std::vector<Choice> path_;
    std::size_t depth_ = 0;
    Fiber* running_ = nullptr;
    std::set<const Fiber*> asleep_;    // their next operation was tried here already
    std::map<const void*, Uses> uses_; // of places in kept objects, by all executions
    bool found_contended_ = false;
    std::map<const void*, std::vector<Message>> histories_;
    View sequential_view_;

    static inline Scheduler* current_ = nullptr;
};

} // namespace model
