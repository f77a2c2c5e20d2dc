package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Sizes in bytes.
const (
	mib = 1 << 20
	gib = 1 << 30
)

// A plan is how much is measured.
type plan struct {
	name     string
	sections string // unless others are wanted
	rounds   int
	limit    time.Duration // of the whole run

	whole, wholePart int64 // an archive in one piece or in parts of wholePart; a quarter of it is what four clients upload

	ops     map[int]int // small uploads in a round, by the number of clients
	outputs int         // job outputs that are fetched again and again

	archives int // in the vault of the inventory

	bigPart           int64 // size of the parts in the section memory
	parallel, bigMany int   // parts that are sent at the same time; parts of the big archive

	table int64 // size of the CSV file that is queried

	files     int // in the folder of the section client
	fileBytes int64
}

// everything is all sections.
const everything = "large,small,inventory,memory,select,client"

// clients are the numbers of clients of the section small.
func clients() []int { return []int{1, 16, 64} }

func plans() map[string]plan {
	return map[string]plan{
		"quick": {
			name: "quick", sections: everything, rounds: 2, limit: 5 * time.Minute, whole: 128 * mib, wholePart: 16 * mib,
			ops: map[int]int{1: 200, 16: 800, 64: 800}, outputs: 50, archives: 5000,
			bigPart: 64 * mib, parallel: 16, bigMany: 4, table: 32e6, files: 1000, fileBytes: 40e6,
		},
		"default": {
			name: "default", sections: everything, rounds: 3, limit: 20 * time.Minute, whole: gib, wholePart: 64 * mib,
			ops: map[int]int{1: 500, 16: 3000, 64: 3000}, outputs: 200, archives: 100_000,
			bigPart: gib, parallel: 16, bigMany: 10, table: 1e9, files: 20_000, fileBytes: 2e9,
		},
		"full": {
			name: "full", sections: everything, rounds: 7, limit: 90 * time.Minute, whole: gib, wholePart: 64 * mib,
			ops: map[int]int{1: 2000, 16: 8000, 64: 8000}, outputs: 200, archives: 1_000_000,
			bigPart: gib, parallel: 16, bigMany: 10, table: 1e9, files: 20_000, fileBytes: 2e9,
		},
		"select": {
			name: "select", sections: "select", rounds: 3, limit: 20 * time.Minute, whole: 128 * mib, wholePart: 16 * mib,
			ops: map[int]int{1: 200, 16: 800, 64: 800}, outputs: 50, archives: 5000,
			bigPart: 64 * mib, parallel: 16, bigMany: 4, table: 1e9, files: 1000, fileBytes: 40e6,
		},
		"client": {
			name: "client", sections: "client", rounds: 1, limit: 90 * time.Minute, whole: 128 * mib, wholePart: 16 * mib,
			ops: map[int]int{1: 200, 16: 800, 64: 800}, outputs: 50, archives: 5000,
			bigPart: 64 * mib, parallel: 16, bigMany: 4, table: 32e6, files: 100_000, fileBytes: 20e9,
		},
	}
}

// A section is one subject of the report.
type section struct {
	name, what string
	run        func(*bench, context.Context) error
}

func sections() []section {
	return []section{
		{"large", "large archives against copies of the same bytes", (*bench).large},
		{"small", "64 KiB archives, one request after the other, against other servers", (*bench).small},
		{"inventory", "a vault of many archives: its inventory, listings, start-up, memory", (*bench).inventory},
		{"memory", "large parts at the same time, and an archive made of them", (*bench).memory},
		{"client", "a folder of many files: sync, change, lose the names, rebuild, get back; and the AWS CLI", (*bench).client},
		{"select", "queries over a CSV file, against DuckDB and encoding/csv, and select jobs", (*bench).query},
	}
}

// spare is the space that a run leaves to others.
const spare = 2 * gib

// fit halves the parts of the section memory until they fit on the disk.
func (b *bench) fit() error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(b.dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", b.dir, err)
	}
	free := int64(fs.Bavail) * fs.Bsize
	p := &b.plan
	// Of a round, three archives and a file of the plain server stay.
	// Of the table there are an archive and the results of a job besides.
	// Of the folder there are archives, and some things that changed.
	if need := max(4*p.whole*int64(p.rounds)+2*p.whole, 3*p.table, 17*p.fileBytes/10) + spare; free < need {
		return fmt.Errorf("%d MiB are free in %s, and %d MiB are needed: take another --dir or fewer --rounds", free/mib, b.dir, need/mib)
	}
	given := p.bigPart
	for p.bigPart > mib && int64(p.parallel+p.bigMany)*p.bigPart+spare > free {
		p.bigPart /= 2
	}
	if p.bigPart != given {
		b.report.note("parts of %d MiB in place of %d MiB: there is no more space", p.bigPart/mib, given/mib)
	}
	return nil
}
