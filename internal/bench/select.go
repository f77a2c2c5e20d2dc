package main

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A question is what is asked of the table.
type question struct {
	name       string
	what       string // value or rows
	firn, duck string
}

func questions() []question {
	return []question{
		{"count", "value", "SELECT COUNT(*) FROM archive s WHERE s._3 = 'Oslo'", "SELECT count(*) FROM archive WHERE _3 = 'Oslo'"},
		{"two columns", "rows", "SELECT s._1, s._2 FROM archive s WHERE s._3 = 'Oslo' AND CAST(s._8 AS INT) > 50", "SELECT _1, _2 FROM archive WHERE _3 = 'Oslo' AND CAST(_8 AS INT) > 50"},
		{"all of it", "rows", "SELECT * FROM archive", "SELECT * FROM archive"},
		{"sum", "value", "SELECT SUM(CAST(s._4 AS DECIMAL)) FROM archive s", "SELECT CAST(SUM(CAST(_4 AS DECIMAL(18,2))) AS VARCHAR) FROM archive"},
	}
}

// queries is the section select while it runs.
type queries struct {
	*bench
	dir, table string
	size       int64
	self       string
	answers    map[string]string // by question
}

// query measures questions about a large CSV file: Firn's engine, DuckDB, and
// encoding/csv, which can only take the file apart; then select jobs.
func (b *bench) query(ctx context.Context) error {
	b.report.begin("select")
	dir, remove, err := b.folder("select")
	if err != nil {
		return err
	}
	defer remove()
	q := &queries{bench: b, dir: dir, table: filepath.Join(dir, "table.csv"), answers: map[string]string{}}
	if q.size, err = writeTable(q.table, b.plan.table); err != nil {
		return err
	}
	if q.self, err = os.Executable(); err != nil {
		return err
	}
	if _, err := os.Stat(b.duckscan); err != nil {
		b.report.note("DuckDB is absent: there is no %s, which ./bench builds where there is a C++ compiler", b.duckscan)
		b.duckscan = ""
	}
	for range b.plan.rounds {
		for threads := 1; threads <= 2; threads++ {
			if err := q.round(ctx, threads); err != nil {
				return err
			}
		}
	}
	if err := q.fourfold(ctx); err != nil {
		return err
	}
	if err := q.jobs(ctx); err != nil {
		return err
	}
	q.compareAll()
	return nil
}

// queryFigure is the name of a figure.
func queryFigure(name, engine string, threads int) string {
	return fmt.Sprintf("%s, %s, threads=%d", name, engine, threads)
}

// round lets everything take its turn.
func (q *queries) round(ctx context.Context, threads int) error {
	limit := "GOMAXPROCS=" + strconv.Itoa(threads)
	for i, question := range questions() {
		if err := q.ask(ctx, question, "Firn", threads, 1, limit, q.self, scanCommand, q.table, "1", question.what, question.firn); err != nil {
			return err
		}
		if q.duckscan != "" {
			if err := q.ask(ctx, question, "DuckDB", threads, 1, limit, q.duckscan, q.table, strconv.Itoa(threads), question.what, question.duck); err != nil {
				return err
			}
		}
		if i == 0 {
			if err := q.ask(ctx, question, "encoding/csv", threads, 1, limit, q.self, decodeCommand, q.table); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask lets a program answer a question, which must be the answer of the others,
// and notes how fast it was and what it needed. Of the memory, what this process
// had when it started the program is the least that Linux tells.
func (q *queries) ask(ctx context.Context, asked question, engine string, threads, times int, env, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %s: %w: %s", asked.name, engine, err, bytes.TrimSpace(complaint.Bytes()))
	}
	took := time.Since(began)
	name := queryFigure(asked.name, engine, threads)
	q.report.add(name, "MB/s", float64(q.size)*float64(times)/1e6/took.Seconds())
	q.report.also(name, "CPU", "s/GB", (cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Seconds()/(float64(q.size)*float64(times)/1e9))
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		q.report.also(name, "peak resident", "MiB", float64(usage.Maxrss)/1024)
	}
	return q.agree(asked.name, engine, strings.TrimSpace(out.String()))
}

// agree holds an answer against that of those who were asked before.
func (q *queries) agree(name, who, answer string) error {
	want, ok := q.answers[name]
	if !ok {
		q.answers[name] = answer
		return nil
	}
	a, okA := new(big.Rat).SetString(want)
	b, okB := new(big.Rat).SetString(answer)
	if !okA || !okB || a.Cmp(b) != 0 {
		return fmt.Errorf("%s: %s answers %q, and others %q", name, who, answer, want)
	}
	return nil
}

// fourfold asks about an archive of four times the size, for the memory.
func (q *queries) fourfold(ctx context.Context) error {
	for _, asked := range questions() {
		asked.name += ", 4 times the table"
		if err := q.ask(ctx, asked, "Firn", 2, 4, "GOMAXPROCS=2", q.self, scanCommand, q.table, "4", asked.what, asked.firn); err != nil {
			return err
		}
	}
	return nil
}

// compareAll notes the ratios.
func (q *queries) compareAll() {
	for _, asked := range questions() {
		for threads := 1; threads <= 2; threads++ {
			name := queryFigure(asked.name, "Firn", threads)
			q.report.compare(name, queryFigure(asked.name, "DuckDB", threads), "DuckDB")
			q.report.compare(name, queryFigure("count", "encoding/csv", threads), "encoding/csv")
		}
		q.report.compare(jobFigure(asked), queryFigure(asked.name, "Firn", 2), "the engine alone")
	}
}
