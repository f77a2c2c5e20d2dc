package cli_test

import (
	"strings"
	"testing"
	"time"

	"firn/internal/cli"
)

func TestTable(t *testing.T) {
	table := cli.NewTable("NAME", ">SIZE", "WHAT")
	var b strings.Builder
	if err := table.Print(&b); err != nil || b.Len() > 0 {
		t.Errorf("an empty table is %q, %v", b.String(), err)
	}
	table.Row("photos", "1", "")
	table.Row("Fotos aus Ålesund", "12345", "evil \x1b[2J\nname \xff")
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	const want = "" +
		"NAME                SIZE  WHAT\n" +
		"photos                 1\n" +
		"Fotos aus Ålesund  12345  evil \\x1b[2J\\nname \\xff\n"
	if b.String() != want {
		t.Errorf("\n%s\nwant\n%s", b.String(), want)
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		cli.Size(0):                           "0 B",
		cli.Size(1023):                        "1023 B",
		cli.Size(1024):                        "1 KiB",
		cli.Size(1536):                        "1.5 KiB",
		cli.Size(1023 << 10):                  "0.999 MiB",
		cli.Size(123456789):                   "118 MiB",
		cli.Size(1 << 62):                     "4 EiB",
		cli.PrintableLines("one\n\x1b[2Jtwo"): "one\n\\x1b[2Jtwo",
		cli.Count(0, "archive"):               "0 archives",
		cli.Count(1, "archive"):               "1 archive",
		cli.Count(1234567, "archive"):         "1,234,567 archives",
		cli.Count(-123, "archive"):            "-123 archives",
		cli.Span(59 * time.Second):            "59s",
		cli.Span(61 * time.Second):            "1m01s",
		cli.Span(3*time.Hour + 5*time.Minute): "3h05m",
		cli.Span(75 * time.Hour):              "3d03h",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
