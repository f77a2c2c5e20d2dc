// Package label reads and writes what programs put into the description of an archive, so that it has a name: Glacier itself knows none.
//
// There is no standard. These forms are read:
//
//	mt2 BASE64URL                                             mt-aws-glacier: JSON {"filename":…,"mtime":"20121114T201618Z"}
//	mt1 BASE64URL                                             its first form, whose UTF-8 was encoded twice
//	<m><v>4</v><p>BASE64</p><lm>20190121T085242Z</lm></m>     FastGlacier 2 to 4, CrushFTP
//	<ArchiveMetadata><Path>BASE64</Path></ArchiveMetadata>    FastGlacier 1
//	{"Path":"…","UTCDateModified":"20100310T110623Z"}         CloudBerry (now MSP360), Firn
//	anything else                                             is the name: glacier-cli, git-annex, glacier-cmd, Firn's console
//
// Firn writes CloudBerry's form, with everything outside ASCII as \u escapes, because it is the one that people and the most programs read
// (Amazon's own Re:Freezer among them), and mt2 where a name is too long for that. What Firn adds are further members of the object, which
// other programs skip:
//
//	{"Path":"…","UTCDateModified":"…","FirnBundle":{"Index":N}}    a bundle of files, whose index is at its byte N
//	{"FirnBundle":{"Index":N,"Sealed":true}}                       a sealed one, whose own name has no room here
//	{"FirnSealed":"BASE64"}                                        the name is sealed, and no path stands beside it
//	{"Path":…,"FirnSize":N,"FirnTreeHash":"HEX"}                   what was sealed is a file of N bytes; only in a sealed name
//
// CloudBerry encodes its paths in UTF-7, so a + in a path has two readings. A path is UTF-7 if it is ASCII without \u escapes, and every +
// in it begins a sequence as CloudBerry makes them. Firn writes a + as \u002b, and so its paths never are.
//
// Sources: mt-aws-glacier 1.120, lib/App/MtAws/MetaData.pm and DateTime.pm; fastglacier.com/fastglacier-metadata-format.aspx;
// Re:Freezer 1.1.4, source/lambda/requestArchives/lib/filenameparser.js; CloudBerry's Andy on Stack Overflow, as quoted at
// tkhrssk.hatenablog.com/entry/2021/08/22/135646.
package label

import (
	"strings"
	"time"
	"unicode/utf8"

	"firn/treehash"
)

// A Format is the form of a description.
type Format uint8

// The forms.
const (
	None        Format = iota // an empty description
	Plain                     // the description is the name
	CloudBerry                // JSON, also with Firn's members
	MT1                       // mt-aws-glacier 0.80 to 0.84 beta
	MT2                       // mt-aws-glacier since then
	FastGlacier               // its versions 1 to 4
)

// String names the form.
func (f Format) String() string {
	names := [...]string{"none", "plain", "CloudBerry", "mt1", "mt2", "FastGlacier"}
	if int(f) < len(names) {
		return names[f]
	}
	return "unknown"
}

// A Label is what a description says.
type Label struct {
	Path     string    // "" if there is no name, or it is sealed. Always UTF-8 without a zero byte; nothing else about it is sure: see Name
	Modified time.Time // of the file, in UTC and whole seconds; the zero Time if nothing is said
	Format   Format
	Bundle   bool   // the archive is a bundle of files
	Index    int64  // where the index of the bundle begins
	Sealed   []byte // the name, sealed; nil if it is not
	Nameless bool   // the bundle is sealed, and all names are in it

	// What only a sealed name says, of the file before it was sealed: of others it is the archive's.
	Size int64         // 0 if nothing is said
	Hash treehash.Hash // the zero Hash if nothing is said
}

// Parse reads a description. It never fails: what is in none of the forms is a name itself.
func Parse(description string) Label {
	trimmed := strings.TrimSpace(description)
	if trimmed == "" {
		return Label{}
	}
	for _, read := range []func(string) (Label, bool){parseMT, parseXML, parseJSON} {
		if l, ok := read(trimmed); ok {
			return l
		}
	}
	return Label{Path: clean(description), Format: Plain}
}

// clean makes any text a name. Only the descriptions of services that are laxer than Glacier are changed by it.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// valid reports whether a path is one as it stands.
func valid(path string) bool { return utf8.ValidString(path) && !strings.Contains(path, "\x00") }

// unquoted takes the quotes off a description that came out of somebody's CSV with them.
func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return strings.TrimSpace(s[1 : len(s)-1])
	}
	return s
}
