package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A figure is one thing that was measured, once in each round.
type figure struct {
	Section string    `json:"section,omitempty"`
	Name    string    `json:"name"`
	Unit    string    `json:"unit"`
	Values  []float64 `json:"values"` // by round
	Ratios  []ratio   `json:"ratios,omitempty"`
	Also    []*figure `json:"also,omitempty"` // measured on the way
}

// A ratio compares a figure with another one, round by round.
type ratio struct {
	To     string    `json:"to"`
	Values []float64 `json:"values"`
}

// A report is what was measured, in the order in which it was first seen. It
// is not for concurrent use.
type report struct {
	Plan    string    `json:"plan"`
	Machine string    `json:"machine"`
	Figures []*figure `json:"figures"`
	Notes   []string  `json:"notes,omitempty"`

	section string
}

func newReport(plan string) *report {
	return &report{
		Plan:    plan,
		Machine: fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
	}
}

// begin opens a section: figures that follow are its own.
func (r *report) begin(section string) { r.section = section }

// add notes a value.
func (r *report) add(name, unit string, value float64) {
	f := r.find(name)
	if f == nil {
		f = &figure{Section: r.section, Name: name, Unit: unit}
		r.Figures = append(r.Figures, f)
	}
	f.Values = append(f.Values, value)
}

// also notes a value that belongs to a figure which is there.
func (r *report) also(name, what, unit string, value float64) {
	f := r.find(name)
	i := slices.IndexFunc(f.Also, func(a *figure) bool { return a.Name == what })
	if i < 0 {
		i = len(f.Also)
		f.Also = append(f.Also, &figure{Name: what, Unit: unit})
	}
	f.Also[i].Values = append(f.Also[i].Values, value)
}

func (r *report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// find returns a figure of the section, nil if there is none.
func (r *report) find(name string) *figure {
	for _, f := range r.Figures {
		if f.Section == r.section && f.Name == name {
			return f
		}
	}
	return nil
}

// compare notes how often a figure has another one, in each round. If one of
// the two was not measured, there is nothing to compare.
func (r *report) compare(name, with, as string) {
	f, base := r.find(name), r.find(with)
	if f == nil || base == nil {
		return
	}
	c := ratio{To: as}
	for i := range min(len(f.Values), len(base.Values)) {
		if base.Values[i] > 0 {
			c.Values = append(c.Values, f.Values[i]/base.Values[i])
		}
	}
	if len(c.Values) > 0 {
		f.Ratios = append(f.Ratios, c)
	}
}

func (r *report) printJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// print prints the table. A figure has a line for each ratio.
func (r *report) print(w io.Writer) error {
	var table strings.Builder
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	section := ""
	for _, f := range r.Figures {
		if f.Section != section {
			section = f.Section
			fmt.Fprintf(t, "\n%s\tmedian\tspread\tunit\talso\tratio\n", strings.ToUpper(section))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t", f.Name, short(median(f.Values)), spread(f.Values), f.Unit, f.also())
		for i, c := range f.Ratios {
			if i > 0 {
				fmt.Fprint(t, "\t\t\t\t\t")
			}
			fmt.Fprintf(t, "x%.2f %s of %s\n", median(c.Values), spread(c.Values), c.To)
		}
		if len(f.Ratios) == 0 {
			fmt.Fprintln(t)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "Firn, plan %s, %s. Medians of the rounds, with the least and the most.\n", r.Plan, r.Machine)
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "\nNote: %s.\n", n)
	}
	return nil
}

// also is what was measured on the way, in one line.
func (f *figure) also() string {
	var parts []string
	for _, a := range f.Also {
		parts = append(parts, fmt.Sprintf("%s %s %s", a.Name, short(median(a.Values)), a.Unit))
	}
	return strings.Join(parts, ", ")
}

// spread is empty for one value.
func spread(v []float64) string {
	if len(v) < 2 {
		return ""
	}
	return fmt.Sprintf("[%s..%s]", short(slices.Min(v)), short(slices.Max(v)))
}

// short prints three digits, or all before the point.
func short(x float64) string {
	switch {
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	default:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
}

// median of no values is 0; of an even number, the mean of the middle two.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
