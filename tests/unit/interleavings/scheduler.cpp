// SPDX-License-Identifier: MIT
#include "scheduler.h"

#include <algorithm>
#include <ucontext.h>

namespace model {

namespace {

constexpr std::size_t kStackBytes = 64U << 10;

bool acquires(Order order) {
    return order == Order::acquire || order == Order::acq_rel || order == Order::seq_cst;
}
bool releases(Order order) {
    return order == Order::release || order == Order::acq_rel || order == Order::seq_cst;
}

void join(View& view, const View& other) {
    for (const auto& [place, number] : other)
        view[place] = std::max(view[place], number);
}

} // namespace

struct Scheduler::Fiber {
    Fiber(const Body& its_body, std::size_t its_number) : body(its_body), number(its_number) {}

    const Body& body;
    std::size_t number;
    ucontext_t context{};
    ucontext_t scheduler{};
    bool done = false;
    View view;
    const void* next_place = nullptr;
    bool next_writes = false;

    bool touches(const Fiber& other) const {
        return next_place == other.next_place && (next_writes || other.next_writes);
    }
};

std::size_t Scheduler::explore(Memory memory, const std::function<std::vector<Body>()>& prepare,
                               const Body& check, Objects objects) {
    Scheduler scheduler{memory, objects};
    current_ = &scheduler;
    std::size_t executions = 0;
    do {
        scheduler.found_contended_ = false;
        const std::vector<Body> bodies = prepare();
        if (scheduler.run(bodies)) {
            ++executions;
            check();
        }
        if (scheduler.found_contended_) { // one more place to stop at
            scheduler.path_.clear();
            executions = 0;
        }
    } while (scheduler.found_contended_ || scheduler.next_path());
    current_ = nullptr;
    return executions;
}

bool Scheduler::next_path() {
    while (!path_.empty() && ++path_.back().taken == path_.back().count)
        path_.pop_back();
    return !path_.empty();
}

std::size_t Scheduler::choose(std::size_t count) {
    if (depth_ == path_.size())
        path_.push_back({0, count});
    return path_[depth_++].taken;
}

// False if the execution would only repeat another one.
bool Scheduler::run(const std::vector<Body>& bodies) {
    depth_ = 0;
    asleep_.clear();
    histories_.clear();
    sequential_view_.clear();
    std::vector<std::unique_ptr<Fiber>> fibers;
    for (const Body& body : bodies) {
        const std::size_t number = fibers.size();
        if (stacks_.size() == number)
            stacks_.push_back(std::make_unique<char[]>(kStackBytes));
        Fiber& fiber = *fibers.emplace_back(std::make_unique<Fiber>(body, number));
        ::getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = stacks_[number].get();
        fiber.context.uc_stack.ss_size = kStackBytes;
        fiber.context.uc_link = &fiber.scheduler;
        const auto address = reinterpret_cast<std::uintptr_t>(&fiber);
        ::makecontext(&fiber.context, reinterpret_cast<void (*)()>(enter), 2,
                      static_cast<unsigned>(static_cast<std::uint64_t>(address) >> 32),
                      static_cast<unsigned>(address));
        resume(fiber); // up to its first operation
    }
    while (std::ranges::any_of(fibers, [](const auto& fiber) { return !fiber->done; })) {
        if (resume_one(fibers))
            continue;
        for (const auto& fiber : fibers) {
            while (objects_ == Objects::kept && !fiber->done)
                resume(*fiber);
        }
        return false;
    }
    return true;
}

// The arguments of a context are ints.
void Scheduler::enter(unsigned high, unsigned low) {
    const std::uint64_t address = std::uint64_t{high} << 32 | low;
    auto* fiber = reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(address));
    fiber->body();
    fiber->done = true;
}

// Of the threads whose next operations do not touch each other only one order
// is taken (sleep sets): after one of them was tried, the others' executions
// leave it asleep until an operation comes that touches its own.
bool Scheduler::resume_one(std::vector<std::unique_ptr<Fiber>>& fibers) {
    std::vector<Fiber*> awake;
    for (const auto& fiber : fibers) {
        if (!fiber->done && !asleep_.contains(fiber.get()))
            awake.push_back(fiber.get());
    }
    if (awake.empty())
        return false;
    const std::size_t chosen = choose(awake.size());
    Fiber& next = *awake[chosen];
    if (memory_ == Memory::sequential) {
        asleep_.insert(awake.begin(), awake.begin() + static_cast<std::ptrdiff_t>(chosen));
        std::erase_if(asleep_, [&](const Fiber* fiber) { return fiber->touches(next); });
    }
    resume(next);
    return true;
}

void Scheduler::resume(Fiber& fiber) {
    running_ = &fiber;
    ::swapcontext(&fiber.scheduler, &fiber.context);
    running_ = nullptr;
}

bool Scheduler::is_contended(const void* place, std::size_t thread, bool writes) {
    Uses& uses = uses_.try_emplace(place, Uses{thread, false, false}).first->second;
    const bool was_contended = uses.contended();
    uses.by_several = uses.by_several || uses.first_thread != thread;
    uses.for_writing = uses.for_writing || writes;
    found_contended_ = found_contended_ || uses.contended() != was_contended;
    return uses.contended();
}

void Scheduler::step(const void* place, bool writes) {
    Fiber& fiber = *running_;
    if (objects_ == Objects::kept && !is_contended(place, fiber.number, writes))
        return;
    fiber.next_place = place;
    fiber.next_writes = writes;
    ::swapcontext(&fiber.context, &fiber.scheduler);
}

std::vector<Scheduler::Message>& Scheduler::history(const void* place, std::uint64_t value) {
    std::vector<Message>& messages = histories_[place];
    if (messages.empty())
        messages.push_back({value, {}});
    return messages;
}

std::uint64_t Scheduler::load(const void* place, Order order, std::uint64_t newest) {
    if (memory_ == Memory::sequential)
        return newest;
    View& view = running_->view;
    if (order == Order::seq_cst)
        join(view, sequential_view_);
    const std::vector<Message>& messages = history(place, newest);
    const std::size_t oldest = view[place];
    const std::size_t number = oldest + choose(messages.size() - oldest);
    view[place] = number;
    if (acquires(order))
        join(view, messages[number].view);
    if (order == Order::seq_cst)
        join(sequential_view_, view);
    return messages[number].value;
}

void Scheduler::store(const void* place, Order order, std::uint64_t before, std::uint64_t value,
                      bool reads_too) {
    if (memory_ == Memory::sequential)
        return;
    View& view = running_->view;
    if (order == Order::seq_cst)
        join(view, sequential_view_);
    std::vector<Message>& messages = history(place, before);
    View seen;
    if (reads_too) { // goes on what the store before it released
        seen = messages.back().view;
        if (acquires(order))
            join(view, seen);
    }
    view[place] = messages.size();
    if (releases(order))
        join(seen, view);
    messages.push_back({value, seen});
    if (order == Order::seq_cst)
        join(sequential_view_, view);
}

} // namespace model
