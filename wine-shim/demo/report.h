// SPDX-License-Identifier: MIT
//
// What the demo prints: one line a result, fields separated by tabs, for
// table.py to read.
#pragma once

#include <string>
#include <vector>

void report_scenario(const std::string& name, const std::string& expected,
                     const std::string& observed);
void report_measure(const std::string& key, double value);
// A measurement that could not be made, and why.
void report_missing(const std::string& key, const std::string& why);

double median(std::vector<double> values);
