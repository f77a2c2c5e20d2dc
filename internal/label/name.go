package label

import (
	"path"
	"strings"
)

// Name is the path as a name among others, from which a file can be made: relative, as tar makes the paths of other machines. A slash at its
// beginning and the colon of a drive are left out, and so are empty elements, "." and "..". The backslashes of a path that is one of Windows
// beyond doubt are slashes. If nothing were left, it is the path as it stands.
func (l Label) Name() string {
	p := l.Path
	if isDrive(p) && p[2:] != "" && p[2] == '\\' || strings.HasPrefix(p, `\\`) {
		p = strings.ReplaceAll(p, `\`, "/")
	}
	if isDrive(p) && (p[2:] == "" || p[2] == '/') {
		p = p[:1] + p[2:]
	}
	if name := strings.TrimPrefix(path.Clean("/"+p), "/"); name != "" {
		return name
	}
	return l.Path
}

// isDrive reports whether a path begins as the drives of Windows are called.
func isDrive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && ('a' <= p[0]|0x20 && p[0]|0x20 <= 'z')
}
