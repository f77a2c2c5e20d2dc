package glacier

import "time"

// The two shapes of an instant, both UTC.
const (
	timeFormat        = "2006-01-02T15:04:05.000Z"
	secondsTimeFormat = "2006-01-02T15:04:05Z"
)

// A Time is an instant as the API prints it: ISO 8601, UTC, always three
// fractional digits.
type Time struct{ time.Time }

// At returns the Time of milliseconds since the Unix epoch.
func At(ms int64) Time { return Time{time.UnixMilli(ms).UTC()} }

// String returns the instant with milliseconds.
func (t Time) String() string { return t.UTC().Format(timeFormat) }

// Seconds returns the instant cut to whole seconds, without a fraction: the
// shape used inside inventories.
func (t Time) Seconds() string { return t.UTC().Format(secondsTimeFormat) }

// MarshalJSON writes the instant with milliseconds.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(timeFormat)+2)
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, timeFormat)
	return append(b, '"'), nil
}
