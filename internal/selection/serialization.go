package selection

import (
	"strings"

	"firn/glacier"
	"firn/internal/csv"
	"firn/internal/scan"
)

// defaultComment begins a comment unless it is told otherwise, or stands for something else. It is S3 Select's; the guide names none.
const defaultComment = '#'

// parseInput reads how an archive is to be read. In the values of this and of parseOutput no case is meant.
func parseInput(s *glacier.InputSerialization) (in scan.Input, err error) {
	in.CSV = csv.Default()
	in.CSV.Comment = defaultComment
	if s == nil {
		return in, nil
	}
	if in.Compression, err = choose("CompressionType", s.CompressionType, map[string]scan.Compression{
		"": scan.DetectCompression, "NONE": scan.Uncompressed, "GZIP": scan.Gzip, "ZSTD": scan.Zstd,
	}, "NONE, GZIP or ZSTD"); err != nil {
		return in, err
	}
	switch {
	case s.CSV != nil && s.JSON != nil:
		return in, invalid("Invalid InputSerialization: csv and json must not be given together.")
	case s.CSV != nil:
		in.Form = scan.CSV
		return in, parseCSVInput(s.CSV, &in)
	case s.JSON != nil:
		in.Form = scan.JSONLines
		_, err = choose("Type", s.JSON.Type, map[string]bool{"": true, "LINES": true}, "LINES")
	}
	return in, err
}

func parseCSVInput(s *glacier.CSVInput, in *scan.Input) (err error) {
	if in.Header, err = choose("FileHeaderInfo", s.FileHeaderInfo, map[string]scan.Header{
		"": scan.HeaderNone, "NONE": scan.HeaderNone, "USE": scan.HeaderUse, "IGNORE": scan.HeaderIgnore,
	}, "USE, IGNORE or NONE"); err != nil {
		return err
	}
	d := &in.CSV
	if err := parseCharacters([]character{
		{"Comments", s.Comments, &d.Comment}, {"FieldDelimiter", s.FieldDelimiter, &d.Field},
		{"QuoteCharacter", s.QuoteCharacter, &d.Quote}, {"QuoteEscapeCharacter", s.QuoteEscapeCharacter, &d.Escape},
	}); err != nil {
		return err
	}
	if r := text(s.RecordDelimiter); r != "" {
		d.Record = r
	}
	if text(s.QuoteEscapeCharacter) == "" {
		d.Escape = d.Quote
	}
	if text(s.Comments) == "" && (d.Field == d.Comment || d.Quote == d.Comment || strings.IndexByte(d.Record, d.Comment) >= 0) {
		d.Comment = 0
	}
	if err := d.Validate(); err != nil {
		return invalid("Invalid InputSerialization: %v.", err)
	}
	return nil
}

func parseOutput(s *glacier.OutputSerialization) (csv.Format, error) {
	d := csv.Default()
	out := csv.Format{Field: d.Field, Quote: d.Quote, Escape: d.Escape, Record: d.Record}
	if s == nil || s.CSV == nil {
		return out, nil
	}
	var err error
	if out.Always, err = choose("QuoteFields", s.CSV.QuoteFields, map[string]bool{
		"": false, "ASNEEDED": false, "ALWAYS": true,
	}, "ALWAYS or ASNEEDED"); err != nil {
		return out, err
	}
	if err := parseCharacters([]character{
		{"FieldDelimiter", s.CSV.FieldDelimiter, &out.Field}, {"QuoteCharacter", s.CSV.QuoteCharacter, &out.Quote},
		{"QuoteEscapeCharacter", s.CSV.QuoteEscapeCharacter, &out.Escape},
	}); err != nil {
		return out, err
	}
	if r := text(s.CSV.RecordDelimiter); r != "" {
		out.Record = r
	}
	if text(s.CSV.QuoteEscapeCharacter) == "" {
		out.Escape = out.Quote
	}
	if err := out.Validate(); err != nil {
		return out, invalid("Invalid OutputSerialization: %v.", err)
	}
	return out, nil
}

// choose returns what a value stands for.
func choose[T any](name string, value *string, choices map[string]T, words string) (T, error) {
	choice, ok := choices[strings.ToUpper(text(value))]
	if !ok {
		return choice, invalid("Invalid %s: %.100s. It must be %s.", name, text(value), words)
	}
	return choice, nil
}

// A character is a member whose value is one.
type character struct {
	name  string
	value *string
	to    *byte
}

// parseCharacters reads members, and leaves what was not supplied as it is. What a character must not be besides, the dialect
// knows.
func parseCharacters(members []character) error {
	for _, m := range members {
		switch v := text(m.value); {
		case v == "":
		case len(v) > 1 || v[0] == 0 || v[0] > 0x7f:
			return invalid("Invalid %s: %.100s. It must be one ASCII character.", m.name, v)
		default:
			*m.to = v[0]
		}
	}
	return nil
}
