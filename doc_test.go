package firn

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A document is one of the texts that people read.
type document struct {
	name string // from the root
	text string
}

// documents reads all of them.
func documents(t *testing.T) []document {
	t.Helper()
	pages, err := filepath.Glob("decisions/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no decisions: %v", err)
	}
	names := append([]string{"README.md", "DESIGN.md", "DIVERGENCES.md", "HACKING.md", "CHANGELOG.md"}, pages...)
	docs := make([]document, len(names))
	for i, name := range names {
		docs[i] = document{filepath.ToSlash(name), read(t, name)}
	}
	return docs
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	quoted  = regexp.MustCompile("`([^`\n]+)`")
)

// prose is the document without its fenced blocks.
func (d document) prose() string { return fenced.ReplaceAllString(d.text, "") }

// TestLinks: every link leads to a file, and to a heading in it if it says so.
func TestLinks(t *testing.T) {
	found := 0
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(d.prose(), -1) {
			found++
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				t.Errorf("%s links to %s: what it needs should stand here", d.name, m[1])
				continue
			}
			to := d.name
			if file != "" {
				to = path.Join(path.Dir(d.name), file)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", d.name, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, to)), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", d.name, m[1], to)
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d links; the pattern is wrong", found)
	}
}

// anchors are the names of a document's headings, as they are linked to.
func anchors(text string) (names []string) {
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune(",.:;?!()`'’†", r):
				return -1
			}
			return r
		}, strings.ToLower(m[1]))
		names = append(names, name)
	}
	return names
}

// symbol is a name in backquotes that could be one of ours: journal.Append,
// disk.Volume.Lock.
var symbol = regexp.MustCompile(`^([a-z]+)\.([A-Za-z]+)(?:\.([A-Za-z]+))?$`)

// TestSymbols: where a document names something of a package of ours, in
// backquotes, it is there.
func TestSymbols(t *testing.T) {
	declared := map[string]bool{} // package.Name, package.Type.Method, by the package's last element
	packages := map[string]bool{}
	for _, s := range sources(t) {
		pkg := path.Base(s.pkg)
		packages[pkg] = true
		for _, name := range s.declares() {
			declared[pkg+"."+name] = true
		}
	}
	found := 0
	for _, d := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(d.prose(), -1) {
			parts := symbol.FindStringSubmatch(m[1])
			if parts == nil || !packages[parts[1]] || parts[2] == "go" || parts[2] == "txt" {
				continue
			}
			found++
			if !declared[m[1]] {
				t.Errorf("%s names %s, which is not there", d.name, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d names; the pattern is wrong", found)
	}
}

// declares lists the names that the file declares: functions, types,
// variables, constants, and the methods and fields of types.
func (s *source) declares() (names []string) {
	for _, d := range s.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			names = append(names, name, d.Name.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, specNames(spec)...)
			}
		}
	}
	return names
}

func specNames(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, n := range spec.Names {
			names = append(names, n.Name)
		}
	case *ast.TypeSpec:
		names = append(names, spec.Name.Name)
		var members *ast.FieldList
		switch typ := spec.Type.(type) {
		case *ast.StructType:
			members = typ.Fields
		case *ast.InterfaceType:
			members = typ.Methods
		default:
			return names
		}
		for _, f := range members.List {
			for _, n := range f.Names {
				names = append(names, spec.Name.Name+"."+n.Name, n.Name)
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// TestPaths: where a document names one of our files, in backquotes, it is
// there.
func TestPaths(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(d.prose(), -1) {
			name := strings.TrimPrefix(m[1], "./")
			ours := strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "cmd/") || strings.HasPrefix(m[1], "./") || strings.HasSuffix(name, ".md")
			if !ours || strings.ContainsAny(name, " *") {
				continue
			}
			if _, err := os.Stat(name); err != nil {
				t.Errorf("%s names %s, which is not there", d.name, m[1])
			}
		}
	}
}

// TestDocLinks: a comment that links to a name of our own packages, in square
// brackets, links to something.
func TestDocLinks(t *testing.T) {
	byName := map[string]map[string]bool{} // names by package path
	all := sources(t)
	for _, s := range all {
		if byName[s.pkg] == nil {
			byName[s.pkg] = map[string]bool{}
		}
		for _, n := range s.declares() {
			byName[s.pkg][n] = true
		}
	}
	docLink := regexp.MustCompile(`\[\*?(?:([a-z]\w*)\.)?([A-Z]\w*(?:\.[A-Z]\w*)?)\](?:[^(:\[]|$)`)
	for _, s := range all {
		imported := map[string]string{path.Base(s.pkg): s.pkg}
		for _, im := range s.imports() {
			if to, ok := ours(im); ok {
				imported[path.Base(im)] = to
			}
		}
		for _, group := range s.syntax.Comments {
			for _, m := range docLink.FindAllStringSubmatch(group.Text(), -1) {
				pkg := s.pkg
				if m[1] != "" {
					pkg = imported[m[1]]
				}
				if pkg != "" && !names(byName[pkg]).have(m[2]) {
					t.Errorf("%s: a comment links to [%s], which is not there", s.at.Position(group.Pos()), strings.TrimPrefix(m[1]+"."+m[2], "."))
				}
			}
		}
	}
}

// names are what a package declares.
type names map[string]bool

// have reports whether there is a Name, or a Type.Method. A method may be
// promoted from another type of the package, which is not looked into.
func (n names) have(name string) bool {
	typ, method, dotted := strings.Cut(name, ".")
	return n[name] || dotted && n[typ] && n[method]
}

// TestDecisions: pages are numbered without a gap, have the three parts, and
// every module that anything of ours imports has a page that names it.
func TestDecisions(t *testing.T) {
	var pages strings.Builder
	number := 0
	for _, d := range documents(t) {
		if !strings.HasPrefix(d.name, "decisions/") {
			continue
		}
		number++
		var n int
		for _, c := range path.Base(d.name)[:4] {
			n = n*10 + int(c-'0')
		}
		if n != number {
			t.Errorf("%s should be number %d", d.name, number)
		}
		for _, part := range []string{"\nContext: ", "\nChoice: ", "\nPrice: "} {
			if !strings.Contains(d.text, part) {
				t.Errorf("%s has no %s", d.name, strings.TrimSpace(part))
			}
		}
		pages.WriteString(d.text)
	}
	seen := map[string]bool{}
	for _, s := range sources(t) {
		for _, im := range s.imports() {
			// The first three elements name a repository on most hosts.
			repository := strings.Join(strings.SplitN(im, "/", 4)[:min(3, strings.Count(im, "/")+1)], "/")
			if !foreign(im) || seen[repository] {
				continue
			}
			seen[repository] = true
			if !strings.Contains(pages.String(), repository) && !strings.Contains(pages.String(), path.Base(repository)) {
				t.Errorf("%s imports %s, and no page in decisions names %s", s.file, im, repository)
			}
		}
	}
}

// TestHackingIsShort: what is longer is not read.
func TestHackingIsShort(t *testing.T) {
	if n := strings.Count(read(t, "HACKING.md"), "\n"); n > 100 {
		t.Errorf("HACKING.md has %d lines, more than 100", n)
	}
}
