// SPDX-License-Identifier: MIT
// Breaks every rule that symbols.py has for plugins, to show that it can tell.
#include <iostream>
#include <pthread.h>

__attribute__((visibility("default"))) char ballast[500 * 1024] = {1};

// A call of pthread_create asks for glibc 2.34 where it is compiled on one.
__attribute__((visibility("default"))) void bad(void* (*start)(void*)) {
    pthread_t thread;
    pthread_create(&thread, nullptr, start, nullptr);
    std::cout << ::operator new(1);
    throw 1;
}
