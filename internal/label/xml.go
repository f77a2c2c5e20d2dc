package label

import (
	"encoding/xml"
	"strings"
)

// parseXML reads FastGlacier's forms. Their program is one for Windows, so a backslash in a path is a slash.
func parseXML(s string) (Label, bool) {
	s = unquoted(s)
	for _, form := range []struct{ root, path string }{{"m", "p"}, {"ArchiveMetadata", "Path"}} {
		if !strings.HasPrefix(s, "<"+form.root+">") || !strings.HasSuffix(s, "</"+form.root+">") {
			continue
		}
		var doc struct {
			Parts []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		}
		if xml.Unmarshal([]byte(s), &doc) != nil {
			return Label{}, false
		}
		l := Label{Format: FastGlacier}
		found := false
		for _, part := range doc.Parts {
			if part.XMLName.Local == form.path && !found {
				l.Path, found = strings.ReplaceAll(string(decode(part.Text)), `\`, "/"), true
			} else if when, ok := parseTime(part.Text); ok {
				l.Modified = when
			}
		}
		if strings.TrimSpace(l.Path) == "" {
			l.Path = ""
		}
		return l, found && valid(l.Path)
	}
	return Label{}, false
}
