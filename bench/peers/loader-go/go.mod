module headgate.dev/bench/loader-go

go 1.26.0
