package frame

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"firn/glacier"
)

// words are what templates say things with.
func words() template.FuncMap {
	return template.FuncMap{
		"bytes": ByteCount, "count": Count, "short": Short, "when": when, "link": Link, "plural": Plural, "percent": percent,
	}
}

// ByteCount says a number of bytes in binary units, with three digits.
func ByteCount(n int64) string {
	if n < 1<<10 {
		return Plural(n, "byte")
	}
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	f, i := float64(n)/(1<<10), 0
	for f >= 1023.5 && i < len(units)-1 {
		f, i = f/(1<<10), i+1
	}
	precision := 2
	if f >= 99.95 {
		precision = 0
	} else if f >= 9.995 {
		precision = 1
	}
	return strconv.FormatFloat(f, 'f', precision, 64) + " " + units[i]
}

// Count says a number with its thousands apart.
func Count(n any) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural says how many there are of something.
func Plural(n any, noun string) string {
	if s := Count(n); s == "1" {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// percent says a part of a whole, in whole percent.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

// Short is the beginning and the end of an id.
func Short(id any) string {
	s := []rune(fmt.Sprint(id))
	if len(s) <= 20 {
		return string(s)
	}
	return string(s[:10]) + "…" + string(s[len(s)-6:])
}

// Clip cuts a text to so many characters.
func Clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// when shows a time, in UTC and to the minute; a script adds the visitor's own
// zone.
func when(t any) template.HTML {
	at := timeOf(t)
	if at.IsZero() {
		return `<span class="muted">never</span>`
	}
	at = at.UTC()
	return template.HTML(`<time datetime="` + at.Format(time.RFC3339) + `">` + at.Format("2006-01-02 15:04") + ` UTC</time>`)
}

// timeOf is a time in any of the forms it comes in; zero for none.
func timeOf(t any) time.Time {
	switch v := t.(type) {
	case time.Time:
		return v
	case glacier.Time:
		return v.Time
	case *glacier.Time:
		if v != nil {
			return v.Time
		}
	}
	return time.Time{}
}

// WhoIs is a user's name, or what stands for root's, who has none.
func WhoIs(name string) string {
	if name == "" {
		return "root"
	}
	return name
}

// Indent lays a JSON document out for reading. What is none stays as it is.
func Indent(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
