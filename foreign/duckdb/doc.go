// Package duckdb compares Firn's queries with those of DuckDB, over what the two have in common: random statements over random CSV,
// each written in both dialects, must give the same rows in the same order.
//
// It is tests only, in a module of its own, because DuckDB is C++ and wants cgo. Firn itself needs nothing of it.
package duckdb
