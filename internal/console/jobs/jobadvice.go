package jobs

import "strings"

// An advice is why a job has failed, in plain words, and what can be done.
type advice struct{ Why, Do string }

// queryFailures are what a code in the message of a failed query means.
func queryFailures() map[string]advice {
	leaveOut := "Leave such records out with WHERE, or catch the value with CASE; then ask again."
	broken := "Say how the archive is written (delimiters, quotes), or ask another archive."
	return map[string]advice{
		"CastFailed":          {"A value of the archive cannot be read as the type that the query wants.", leaveOut},
		"ValueParseFailure":   {"A value of the archive cannot be read as the type that the query wants.", leaveOut},
		"InvalidDataType":     {"A value of the archive does not fit what the query does with it.", leaveOut},
		"DivideByZero":        {"The query divides by zero.", leaveOut},
		"CSVUnescapedQuote":   {"A quoted field of the archive does not end as it should.", broken},
		"InvalidTextEncoding": {"The archive has a record that is not UTF-8.", "Only text in UTF-8 can be asked."},
		"JSONParsingError":    {"A line of the archive is no JSON object.", broken},
		"InvalidCompressionFormat": {"The archive is packed in a way that cannot be read, or not whole.",
			"Retrieve it and unpack it yourself."},
		"OverMaxRecordSize": {"A record of the archive, or of the result, is longer than a record may be.", broken},
		"OverMaxColumn":     {"A record of the archive has more columns than a record may have.", broken},
		"OverMaxQueryTime":  {"The query took longer than a query may.", "Ask for less, or have the operator raise select-time."},
		"OverMaxResultSize": {"The query selects more than a query may.", "Ask for less, or have the operator raise select-output."},
		"BucketRefused": {"The bucket for the results takes none.",
			"Have the operator look at the bucket and at what its key may do, or let the results go to the server's directory."},
	}
}

// advise explains the message of a job that has failed.
func advise(message string) advice {
	code, _, found := strings.Cut(message, ": ")
	if a, ok := queryFailures()[code]; found && ok {
		return a
	}
	switch {
	case strings.Contains(message, "damaged"):
		return advice{
			"What is stored is not what was uploaded: a checksum does not match, so nothing was given out. Other archives are not affected.",
			"Have the operator look at the server's log, which names the place, and at the drive; “firn check” finds what else is damaged. " +
				"A range that does not touch the damage can still be retrieved. Otherwise restore the archive from another copy.",
		}
	case strings.Contains(message, "internal failure"):
		return advice{
			"The server has tried several times and could not do it.",
			"Its log says why. When that is mended, start the job again.",
		}
	case found:
		return advice{"The query could not be run to its end.", "Change it and ask again."}
	}
	return advice{"The job could not be done.", "The server's log says more."}
}
