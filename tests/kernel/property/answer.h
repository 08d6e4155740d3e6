// SPDX-License-Identifier: MIT
// Whether one answer of the system is one that the model allows. Each throws
// Mismatch if not.
#pragma once

#include "model.h"
#include "system.h"

#include <cstddef>
#include <stdexcept>

namespace property {

struct Mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void expect(std::ptrdiff_t got, std::ptrdiff_t expected, const char* what);
inline void expect_page(std::size_t got, std::size_t expected, const char* what) {
    expect(static_cast<std::ptrdiff_t>(got), static_cast<std::ptrdiff_t>(expected), what);
}

// To a collect of `span`, before the model knows of it.
void check_answer(const Model& model, Span span, std::size_t capacity, Form form,
                  const Reply& reply);

} // namespace property
