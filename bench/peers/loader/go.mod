module headgate.dev/bench/loader

go 1.26
