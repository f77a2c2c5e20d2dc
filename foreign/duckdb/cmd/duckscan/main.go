// Command duckscan lets DuckDB ask a CSV file a question, to be measured beside Firn by ./bench:
//
//	duckscan FILE THREADS value STATEMENT    prints the one value of the result
//	duckscan FILE THREADS rows STATEMENT     writes the result as CSV to nowhere, and prints how many rows it has
//
// The statement is about a view archive, whose columns are the texts _1 to _8.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: duckscan FILE THREADS value|rows STATEMENT")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "duckscan:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path, threads, what, statement string) error {
	n, err := strconv.Atoi(threads)
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, fmt.Sprintf("SET threads = %d; %s", n, view(path))); err != nil {
		return err
	}
	if what == "rows" {
		result, err := db.ExecContext(ctx, "COPY ("+statement+") TO '/dev/null' (FORMAT csv, HEADER false, USE_TMP_FILE false)")
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		if err != nil {
			return err
		}
		_, err = fmt.Println(rows)
		return err
	}
	var value string
	if err := db.QueryRowContext(ctx, statement).Scan(&value); err != nil {
		return err
	}
	_, err = fmt.Println(value)
	return err
}

// view is the file as a view, with nothing left to be found out.
func view(path string) string {
	names := make([]string, 8)
	for i := range names {
		names[i] = fmt.Sprintf("'_%d': 'VARCHAR'", i+1)
	}
	return fmt.Sprintf(`CREATE VIEW archive AS SELECT * FROM read_csv('%s', auto_detect = false, header = false, columns = {%s}, delim = ',', quote = '"', escape = '"', nullstr = '<NULL>')`,
		strings.ReplaceAll(path, "'", "''"), strings.Join(names, ", "))
}
