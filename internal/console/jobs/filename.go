package jobs

import (
	"net/url"
	"strings"
)

// maxFileName bounds the name of a file, in bytes.
const maxFileName = 200

// fileName makes the name of a file of a text such as an archive's description:
// of a path it is the last element. What file systems do not take is replaced,
// and what would hide the file is left out. If nothing remains, it is fallback.
func fileName(text, fallback string) string {
	text = strings.TrimRight(text, `/\`)
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*`, r) || r == '\uFFFD' {
			return '_'
		}
		return r
	}, text[strings.LastIndexAny(text, `/\`)+1:])
	if len(name) > maxFileName {
		ending := ""
		if i := strings.LastIndexByte(name, '.'); i > len(name)-20 {
			ending = name[i:]
		}
		name = strings.ToValidUTF8(name[:maxFileName-len(ending)], "") + ending
	}
	name = strings.Trim(name, " ")
	name = strings.TrimRight(strings.TrimLeft(name, "."), ". ")
	if strings.Trim(name, "_ ") == "" {
		return fallback
	}
	return name
}

// disposition makes the header that has a browser save a file by a name. Those
// that cannot read the whole name get one of plain letters.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r > '~' || r < ' ' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	header := `attachment; filename="` + plain + `"`
	if plain != name {
		header += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return header
}

// fileType is the media type of a file: of what a browser could run, or show as
// a page, it is none.
func fileType(kind string) string {
	switch kind {
	case "application/json", "text/csv":
		return kind + "; charset=utf-8"
	}
	return "application/octet-stream"
}
