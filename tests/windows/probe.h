// SPDX-License-Identifier: MIT
// Experiments after which a process may be unusable: each runs in a child of its own.
#pragma once

const char* probe_named_in(int argc, char** argv);
int run_probe(const char* name);

// The second process of a case about two.
const char* child_named_in(int argc, char** argv);
int run_child(const char* name);
