package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"

	ours "firn/internal/csv"
	"firn/internal/scan"
)

// writeTable writes a CSV file of at least so many bytes: eight columns, about 70
// bytes a row, a tenth of the rows with a column in quotes.
func writeTable(path string, size int64) (int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := rand.New(rand.NewPCG(1, 2)) // the same in every run
	cities := []string{"Oslo", "Bergen", "Trondheim", "Stavanger", "Paris", "Berlin", "Rome", "Bern"}
	w := bufio.NewWriterSize(f, mib)
	written := int64(0)
	for i := 0; written < size; i++ {
		note := "nothing to say"
		if r.IntN(10) == 0 {
			note = `"said ""yes"", then no"`
		}
		n, err := fmt.Fprintf(w, "%d,user%06d,%s,%d.%02d,2024-%02d-%02dT%02d:%02dZ,%s,%d,%d\n", i, r.IntN(1e6), cities[r.IntN(len(cities))],
			r.IntN(1000), r.IntN(100), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), note, r.IntN(10), r.IntN(100))
		if err != nil {
			return 0, err
		}
		written += int64(n)
	}
	return written, w.Flush()
}

// The arguments that make this program a reader of a table, in a process of its
// own, so that its memory is what it needs and nothing else's.
const (
	scanCommand   = "scan-table"   // PATH TIMES value|rows STATEMENT
	decodeCommand = "decode-table" // PATH
)

// readTable is such a reader, unless the arguments are others.
func readTable(args []string, stdout io.Writer) (ok bool, err error) {
	answer := ""
	switch {
	case len(args) == 5 && args[0] == scanCommand:
		answer, err = scanTable(args[1], args[2], args[3], args[4])
	case len(args) == 2 && args[0] == decodeCommand:
		answer, err = decodeTable(args[1])
	default:
		return false, nil
	}
	if err == nil {
		_, err = fmt.Fprintln(stdout, answer)
	}
	return true, err
}

// scanTable runs a query over a file as many times as it is told, one after the
// other, as if that were one archive. The answer is what the query selects, or how
// many rows.
func scanTable(path, times, what, statement string) (string, error) {
	n, err := strconv.Atoi(times)
	if err != nil {
		return "", err
	}
	var files []io.Reader
	for range n {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		files = append(files, f)
	}
	out := ours.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
	q, err := scan.Compile(statement, scan.Input{Form: scan.CSV, CSV: ours.Default()}, out)
	if err != nil {
		return "", err
	}
	selected := &counted{}
	_, err = q.Run(context.Background(), io.MultiReader(files...), selected, scan.Options{})
	if what == "value" {
		return string(bytes.TrimSpace(selected.last)), err
	}
	return strconv.Itoa(selected.lines), err
}

// decodeTable counts the rows of Oslo with encoding/csv.
func decodeTable(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReaderSize(f, mib))
	r.ReuseRecord = true
	for n := 0; ; {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return strconv.Itoa(n), nil
		}
		if err != nil {
			return "", err
		}
		if row[2] == "Oslo" {
			n++
		}
	}
}
