package system

import (
	"fmt"
	"math"
	"strings"
	"time"

	"firn/internal/console/frame"
)

// The size of a chart, in the units of its drawing, and of what is around the
// figures.
const (
	chartWidth, chartHeight                    = 560, 220
	chartLeft, chartRight, chartTop, chartFoot = 92, 10, 12, 30
	// labels is about how many there are on the axis of time, gridlines on the
	// other.
	labels, gridlines = 6, 4
)

// A figure is a number at a time.
type figure struct {
	At time.Time
	N  int64
}

// A chart is figures over time, drawn and in words. Coordinates are texts, as
// the drawing has them.
type chart struct {
	ID, Title, Says string
	Height, Width   int
	Line, Area      string // paths
	End             *point // where the line ends
	Bars            []bar
	Grid            []gridline
	Times           []timeLabel
	Left, Right     int
	Foot            int // where the figures stand
	Rows            []chartRow
}

type (
	point struct{ X, Y string }
	// A bar is a figure of a part of the time.
	bar struct{ X, Y, Width, Height, Says string }
	// A gridline is a figure on the axis.
	gridline struct {
		Y     string
		Text  string
		TextY string
	}
	timeLabel struct{ X, Text string }
	chartRow  struct{ When, Says string }
)

// A scale is a kind of figures: how much a step of the axis is at the least,
// and how they are said.
type scale struct {
	unit func(greatest int64) int64 // steps are 1, 2, 5, 10, … of it
	says func(int64) string
}

func byteScale() scale {
	return scale{
		unit: func(greatest int64) int64 {
			unit := int64(1)
			for unit <= greatest>>10 && unit < 1<<50 {
				unit <<= 10
			}
			return unit
		},
		says: frame.ByteCount,
	}
}

func countScale() scale {
	return scale{
		unit: func(int64) int64 { return 1 },
		says: func(n int64) string { return frame.Count(n) },
	}
}

// An axis is the time that a chart is of.
type axis struct {
	from, to time.Time
	parts    int
	// Layouts of time: of labels, of a figure at a time, and of one of a part.
	layout, at, during string
}

// line draws figures that hold at a time.
func (a axis) line(id, title string, s scale, list []figure) chart {
	c, high := a.begin(id, title, s, list)
	if len(list) == 0 {
		return c
	}
	var b strings.Builder
	for i, f := range list {
		step := "L"
		if i == 0 {
			step = "M"
		}
		fmt.Fprintf(&b, "%s%s %s", step, coordinate(a.x(f.At)), coordinate(c.y(f.N, high)))
	}
	last := list[len(list)-1]
	c.Line = b.String()
	c.Area = fmt.Sprintf("%sL%s %dL%s %dZ", c.Line, coordinate(a.x(last.At)), c.Foot, coordinate(a.x(list[0].At)), c.Foot)
	c.End = &point{coordinate(a.x(last.At)), coordinate(c.y(last.N, high))}
	if c.Says = s.says(last.N) + last.At.UTC().Format(a.at) + "."; len(list) > 1 {
		c.Says = fmt.Sprintf("From %s%s to %s%s.", s.says(list[0].N), list[0].At.UTC().Format(a.at), s.says(last.N), last.At.UTC().Format(a.at))
	}
	return c
}

// bars draws figures that are of a part of the time, which begins at theirs.
func (a axis) bars(id, title string, s scale, list []figure) chart {
	c, high := a.begin(id, title, s, list)
	if len(list) == 0 {
		return c
	}
	width := float64(c.Right-c.Left) / float64(a.parts)
	var sum int64
	greatest := list[0]
	for _, f := range list {
		sum += f.N
		if f.N > greatest.N {
			greatest = f
		}
		y := c.y(f.N, high)
		c.Bars = append(c.Bars, bar{
			coordinate(a.x(f.At) + width*.1), coordinate(y), coordinate(width * .8), coordinate(float64(c.Foot) - y),
			a.label(f.At) + ": " + s.says(f.N),
		})
	}
	c.Says = fmt.Sprintf("%s in all.", s.says(sum))
	if greatest.N > 0 {
		c.Says = fmt.Sprintf("%s in all; the most is %s%s.", s.says(sum), s.says(greatest.N), greatest.At.UTC().Format(a.during))
	}
	return c
}

// begin makes a chart without its figures, and returns where its scale ends.
func (a axis) begin(id, title string, s scale, list []figure) (c chart, high int64) {
	c = chart{
		ID: id, Title: title, Says: "Nothing is known of this time.", Width: chartWidth, Height: chartHeight,
		Left: chartLeft, Right: chartWidth - chartRight, Foot: chartHeight - chartFoot,
	}
	greatest := int64(0)
	for _, f := range list {
		greatest = max(greatest, f.N)
		c.Rows = append(c.Rows, chartRow{f.At.UTC().Format("2006-01-02 15:04"), s.says(f.N)})
	}
	step := stepOf(greatest, s.unit(greatest))
	high = max(step, (greatest+step-1)/step*step)
	for n := int64(0); n <= high; n += step {
		y := c.y(n, high)
		c.Grid = append(c.Grid, gridline{coordinate(y), s.says(n), coordinate(y + 4)})
	}
	every := a.to.Sub(a.from) / labels
	if part := a.to.Sub(a.from) / time.Duration(a.parts); every > part {
		every = every.Round(part)
	}
	for at := a.from; at.Before(a.to); at = at.Add(every) {
		c.Times = append(c.Times, timeLabel{coordinate(a.x(at)), a.label(at)})
	}
	return c, high
}

// stepOf is how far gridlines are apart: 1, 2 or 5, or ten times as much and so
// on, of a unit.
func stepOf(greatest, unit int64) int64 {
	wanted := float64(greatest) / float64(unit) / gridlines
	if wanted <= 1 {
		if unit > 1 && wanted <= .25 {
			return unit / 4
		}
		if unit > 1 && wanted <= .5 {
			return unit / 2
		}
		return unit
	}
	ten := math.Pow(10, math.Floor(math.Log10(wanted)))
	for _, n := range []float64{1, 2, 5, 10} {
		if n*ten >= wanted {
			return int64(n*ten) * unit
		}
	}
	return int64(10*ten) * unit
}

// x is where a time is.
func (a axis) x(at time.Time) float64 {
	return chartLeft + float64(at.Sub(a.from))/float64(a.to.Sub(a.from))*(chartWidth-chartRight-chartLeft)
}

// y is where a figure is.
func (c *chart) y(n, high int64) float64 {
	return float64(c.Foot) - float64(n)/float64(high)*float64(c.Foot-chartTop)
}

func (a axis) label(at time.Time) string { return at.UTC().Format(a.layout) }

func coordinate(f float64) string { return fmt.Sprintf("%.1f", f) }
