package system

import (
	"encoding/xml"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/internal/console/frame"
	"firn/internal/history"
)

func aDay() axis {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return axis{from: from, to: from.Add(24 * time.Hour), parts: 24, layout: "15:04", at: " on January 2", during: " in the week from January 2"}
}

func TestGridlinesAreRoundFigures(t *testing.T) {
	for name, row := range map[string]struct {
		scale scale
		most  int64
		want  []string
	}{
		"nothing":          {countScale(), 0, []string{"0", "1"}},
		"one":              {countScale(), 1, []string{"0", "1"}},
		"a few":            {countScale(), 7, []string{"0", "2", "4", "6", "8"}},
		"a million":        {countScale(), 1_000_000, []string{"0", "500,000", "1,000,000"}},
		"some bytes":       {byteScale(), 800, []string{"0 bytes", "200 bytes", "400 bytes", "600 bytes", "800 bytes"}},
		"just a kibibyte":  {byteScale(), 1 << 10, []string{"0 bytes", "256 bytes", "512 bytes", "768 bytes", "1.00 KiB"}},
		"gibibytes":        {byteScale(), 3 << 30, []string{"0 bytes", "1.00 GiB", "2.00 GiB", "3.00 GiB"}},
		"many gibibytes":   {byteScale(), 700 << 30, []string{"0 bytes", "200 GiB", "400 GiB", "600 GiB", "800 GiB"}},
		"three pebibytes":  {byteScale(), 3 << 50, []string{"0 bytes", "1.00 PiB", "2.00 PiB", "3.00 PiB"}},
		"as much as it is": {byteScale(), math.MaxInt64 / 4, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := aDay().line("x", "X", row.scale, []figure{{aDay().from, row.most}})
			var got []string
			for _, g := range c.Grid {
				got = append(got, g.Text)
			}
			if len(got) < 2 || len(got) > 7 {
				t.Errorf("%d gridlines: %v", len(got), got)
			}
			if row.want != nil && !cmp.Equal(row.want, got) {
				t.Error(cmp.Diff(row.want, got))
			}
		})
	}
}

// Whatever the figures, the drawing stays within its frame.
func TestChartsStayWithinTheirFrames(t *testing.T) {
	a := aDay()
	var list []figure
	for i := range 24 {
		list = append(list, figure{a.from.Add(time.Duration(i) * time.Hour), int64(i*i) << 20})
	}
	number := regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)
	for name, c := range map[string]chart{
		"line": a.line("x", "X", byteScale(), list), "bars": a.bars("x", "X", byteScale(), list), "one": a.line("x", "X", countScale(), list[:1]),
	} {
		t.Run(name, func(t *testing.T) {
			xs, ys := []string{}, []string{}
			for i, n := range number.FindAllString(c.Area, -1) {
				if i%2 == 0 {
					xs = append(xs, n)
				} else {
					ys = append(ys, n)
				}
			}
			for _, b := range c.Bars {
				xs, ys = append(xs, b.X), append(ys, b.Y)
				if n, _ := strconv.ParseFloat(b.Height, 64); n < 0 {
					t.Errorf("a bar has the height %s", b.Height)
				}
			}
			if len(xs) == 0 {
				t.Fatal("nothing is drawn")
			}
			within(t, xs, chartLeft, chartWidth-chartRight)
			within(t, ys, chartTop, chartHeight-chartFoot)
			for _, l := range c.Times {
				within(t, []string{l.X}, chartLeft, chartWidth-chartRight)
			}
			if len(c.Times) < 4 || len(c.Times) > 8 {
				t.Errorf("%d labels", len(c.Times))
			}
		})
	}
}

func within(t *testing.T, list []string, low, high float64) {
	t.Helper()
	for _, s := range list {
		if n, err := strconv.ParseFloat(s, 64); err != nil || n < low || n > high {
			t.Errorf("%s is not between %v and %v", s, low, high)
		}
	}
}

func TestChartsSayWhatTheyShow(t *testing.T) {
	a := aDay()
	at := func(h int) time.Time { return a.from.Add(time.Duration(h) * time.Hour) }
	for name, row := range map[string]struct {
		chart chart
		want  string
	}{
		"nothing":      {a.line("x", "X", countScale(), nil), "Nothing is known of this time."},
		"no bars":      {a.bars("x", "X", countScale(), nil), "Nothing is known of this time."},
		"one figure":   {a.line("x", "X", byteScale(), []figure{{at(1), 1 << 30}}), "1.00 GiB on March 1."},
		"growth":       {a.line("x", "X", countScale(), []figure{{at(1), 5}, {at(30), 7}}), "From 5 on March 1 to 7 on March 2."},
		"a greatest":   {a.bars("x", "X", byteScale(), []figure{{at(0), 1}, {at(25), 5}, {at(3), 2}}), "8 bytes in all; the most is 5 bytes in the week from March 2."},
		"only nothing": {a.bars("x", "X", byteScale(), []figure{{at(0), 0}}), "0 bytes in all."},
	} {
		if row.chart.Says != row.want {
			t.Errorf("%s: %q, not %q", name, row.chart.Says, row.want)
		}
	}
}

// The drawing is XML, and has no style of its own.
func TestADrawingIsSVG(t *testing.T) {
	all, err := frame.ParsePages(os.DirFS(".."), "")
	if err != nil {
		t.Fatal(err)
	}
	a := aDay()
	for _, c := range chartsOf(a, "hour", []history.Point{{From: a.from, Time: a.from, State: history.State{Bytes: 5}, Flow: history.Flow{Uploaded: 7}}}) {
		var b strings.Builder
		if err := all["system"].ExecuteTemplate(&b, "chart", c); err != nil {
			t.Fatal(err)
		}
		_, drawing, _ := strings.Cut(b.String(), "<svg")
		drawing, _, _ = strings.Cut("<svg"+drawing, "</svg>")
		var v struct{}
		if err := xml.Unmarshal([]byte(drawing+"</svg>"), &v); err != nil || strings.Contains(b.String(), "style=") {
			t.Errorf("%s: %v\n%s", c.Title, err, b.String())
		}
	}
}
