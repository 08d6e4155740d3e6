// SPDX-License-Identifier: MIT
#include "process_lock.h"

#include <pthread.h>

namespace ww::wine {

namespace {

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void lock() noexcept {
    pthread_mutex_lock(&mutex);
}

void unlock() noexcept {
    pthread_mutex_unlock(&mutex);
}

[[gnu::constructor]] void stay_whole_over_fork() noexcept {
    pthread_atfork(lock, unlock, unlock);
}

} // namespace

ProcessLock::ProcessLock() noexcept {
    lock();
}

ProcessLock::~ProcessLock() {
    unlock();
}

} // namespace ww::wine
