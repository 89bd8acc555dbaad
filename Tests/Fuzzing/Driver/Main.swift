// There is no program here: libFuzzer brings its own. A second file keeps the compiler from taking the first one for a script.
