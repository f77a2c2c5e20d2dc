package timestamp

import "testing"

func BenchmarkParse(b *testing.B) {
	for _, text := range []string{"2007-02-23", "2007-02-23T12:14:33Z", "2007-02-23T12:14:33.079Z", "2007-02-23T12:14:33.079-08:00"} {
		b.Run(text, func(b *testing.B) {
			field := []byte(text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(field); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	t := mustParse(b, "2007-02-23T12:14:33.079-08:00")
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = t.Append(buf[:0])
	}
}

func BenchmarkPattern(b *testing.B) {
	t := mustParse(b, "2007-02-23T12:14:33.079-08:00")
	p, err := ParsePattern("MMMM d, yyyy h:mm a")
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = p.Append(buf[:0], t)
	}
}
