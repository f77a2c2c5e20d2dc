package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Table is rows of cells, printed in columns. What is not printable in a cell
// is escaped.
type Table struct {
	head  int // rows of it: 1 or 0
	rows  [][]string
	width []int
	right []bool
}

// NewTable makes a table with a head, or without one. A column whose head begins with a > is
// aligned to the right.
func NewTable(head ...string) *Table {
	t := &Table{right: make([]bool, len(head))}
	for i := range head {
		head[i], t.right[i] = strings.CutPrefix(head[i], ">")
	}
	if len(head) > 0 {
		t.head = 1
		t.Row(head...)
	}
	return t
}

// Row adds a row.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = Printable(c)
		for len(t.width) <= i {
			t.width = append(t.width, 0)
		}
		t.width[i] = max(t.width[i], utf8.RuneCountInString(row[i]))
	}
	t.rows = append(t.rows, row)
}

// Print prints the table, or nothing if it has no row below its head.
func (t *Table) Print(w io.Writer) error {
	if len(t.rows) == t.head {
		return nil
	}
	for _, row := range t.rows {
		var b strings.Builder
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			space := strings.Repeat(" ", t.width[i]-utf8.RuneCountInString(cell))
			switch {
			case i < len(t.right) && t.right[i]:
				b.WriteString(space + cell)
			case i == len(row)-1:
				b.WriteString(cell)
			default:
				b.WriteString(cell + space)
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// Printable is a string with what would disturb a terminal or a line escaped,
// as Go escapes it.
func Printable(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch _, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unprintable(r):
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// PrintableLines is the same for a text whose ends of lines stay.
func PrintableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// Size is a number of bytes for people.
func Size(n int64) string {
	if n < 1024 && n > -1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), -1
	for (v >= 999.5 || v <= -999.5) && unit < 5 {
		v, unit = v/1024, unit+1
	}
	return fmt.Sprintf("%.3g %ciB", v, "KMGTPE"[unit])
}

// Count is a number with its noun, in the plural unless it is one. The plural
// of noun is with an s.
func Count(n int64, noun string) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	if n != 1 {
		noun += "s"
	}
	return b.String() + " " + noun
}

// Date is an instant for people.
func Date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// Span is a duration for people, of two units at most.
func Span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// ParseSize reads a number of bytes, such as 1048576, 10GiB, 10G or 10GB: K, M,
// G and T are powers of 1024 unless a B alone follows them.
func ParseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "KMGTkmgtiB")
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 || strings.ContainsAny(digits, "eExXnNpP_+") {
		return 0, fmt.Errorf("%q is not a size such as 10GiB", s)
	}
	unit := strings.ToUpper(s[len(digits):])
	base := 1024.0
	if len(unit) == 2 && unit[1] == 'B' {
		base = 1000
	}
	switch unit {
	case "", "B":
	case "K", "KB", "KIB":
		n *= base
	case "M", "MB", "MIB":
		n *= base * base
	case "G", "GB", "GIB":
		n *= base * base * base
	case "T", "TB", "TIB":
		n *= base * base * base * base
	default:
		return 0, fmt.Errorf("%q is not a size such as 10GiB", s)
	}
	if n >= 1<<62 || n != float64(int64(n)) {
		return 0, fmt.Errorf("%q is not a whole number of bytes", s)
	}
	return int64(n), nil
}
