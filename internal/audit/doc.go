// Package audit keeps the audit log: one line of JSON for each API call, in the words of AWS CloudTrail, in files that a crash
// cannot make unreadable.
//
// # Files
//
// The log is a directory of files
//
//	audit-20260102T030405.678Z-0000000017.jsonl
//	      when it was begun, UTC  its number
//
// A name is never used twice. Names sort in the order in which the files were written, so that `cat *.jsonl` prints the log: the
// number grows with each file, and the time in a name never falls behind that of the file before, whatever the clock does. A gap
// in the numbers is where files were removed, or could not be written. Files of other names are left alone.
//
// A file is a sequence of lines, each a JSON object and a '\n', each written with one call at the end of the file:
//
//	{"eventVersion":"1.08","userIdentity":{"type":"IAMUser",...},"eventTime":"2026-01-02T03:04:05Z",...}\n
//
// One rule is enough to read it: a line that is not a JSON object is torn, or empty; skip it. Torn is what a write that failed
// left at the end of a file, and what a power cut left of lines that were not yet synced: a part of them, zeros, or both. A file
// begun after a failure starts with an empty line, so that what was torn before it does not run into its first line.
//
// # What is promised
//
// When Append has returned nil, the line survives the end of the process. If it was to be durable, it survives a power cut, and
// with it every line written before it since the last failure; if not, it does so about a second later. Lines stand in the order
// in which they were written. Nobody can make a line long: what a client sends is cut.
//
// After a failure the file at hand is never written again, a failed sync is never repeated, and the next line goes to a new file.
// No file of an earlier life is written again either, because nobody knows any more whether a sync of it has failed; only a torn
// end of the last ones is cut off by Open.
//
// [Log.Latest] reads the log from its end, for pages: an account sees its own lines.
//
// It is not promised that nobody has altered the files: there are no signatures. One Log at a time may have the directory open;
// whoever opens it sees to that.
package audit
