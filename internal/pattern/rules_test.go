package pattern_test

import (
	"strings"
	"testing"

	"firn/internal/pattern"
)

// The cases are those of mtglacier's manual and of its t/unit/filter.t, at 4b563cff. Where the two differ, which is in
// patterns with a slash inside and none in front, the manual is followed: "tmp/myfile matches /tmp/myfile and
// /home/john/tmp/myfile".
func TestPatterns(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no string // names, separated by spaces
	}{
		{"file", "file x/file x/y/file", "filex xfile file/x"},
		{"*.gz", "1.gz a/1.gz b/c/d/22.gz .gz a/.gz", "1.gzx 1.gz/x"},
		{"*img*", "img img_01.jpeg x_img_01.jpeg a/img_01.jpeg b/c/the_img_01.jpeg b/c/img_01.jpeg", "im/g imxg"},
		{"img*", "img img_01.jpeg a/img_01.jpeg b/c/img_01.jpeg", "im/g b/c/the_img_01.jpeg"},
		{"xss*", "xss xss01.jpeg a/xss_01.jpeg", "xß xß01.jpeg"},
		{"xß*", "xß xß01.jpeg a/xß_01.jpeg", "xss xss01.jpeg"},
		{"??.gz", "12.gz a/34.gz b/c/d/xy.gz ßß.gz", "123.gz 1.gz a/345.gz b/c/d/p.gz"},
		{"x?z.gz", "xyz.gz a/xpz.gz b/c/d/xxz.gz", "xz.gz a/xDDz.gz b/c/d/ppz.gz"},
		{"a/?", "a/1 a/2 a/3", "a/11 a1 a/123"},
		{".gitignore", ".gitignore a/.gitignore b/c/.gitignore", "p.gitignore p.gitignorex a/x.gitignore a/.gitignorep"},
		{"/data/", "data/ data/1 data/y/x", "data x/data/1"},
		{"/tmp/a", "tmp/a", "x/tmp/a"},
		{"/data", "data", "data/ data/1 data/y/x x/data"},
		{"tmp/a", "tmp/a x/tmp/a", "tmp/ab xtmp/a"},
		{"/tmp/myfile", "tmp/myfile", "home/john/tmp/myfile"},
		{"tmp/myfile", "tmp/myfile home/john/tmp/myfile", "home/john/xtmp/myfile"},
		{".git/", ".git/ .git/a x/.git/a x/.git/ x/.git/b/c x/y/.git/p x/y/.git/r/r", ".git x/.git x/y/.git"},
		{"!.git/", ".git x/.git x/y/.git", ".git/ .git/a x/.git/a x/.git/ x/.git/b/c x/y/.git/p"},
		{"log", "log a/log", "log/a logs"},
		{"log/", "log/a a/log/b", "log xlog/a"},
		{"/var/log/*.log", "var/log/abc.log var/log/def.log", "var/logx/abc.log var/x/log/def.log"},
		{"/tmp*/file", "tmp/file tmp1/file tmp2/file", "tmp1/x/file"},
		{"/tmp**/file", "tmp/file tmp1/file tmp2/file tmp1/x/file tmp1/x/y/z/file", "x/tmp/file"},
		{"tmp/a*", "tmp/a tmp/ab", "tmp/a/x tmp/ab/x"},
		{"tmp/a**", "tmp/a/x tmp/a", "tmp/b"},
		{"tmp/a/**", "tmp/a/", "tmp/ab tmp/ab/x"},
		{"tmp/**", "tmp/a tmp/ab tmp/ab/x tmp/a/x", "tmp"},
		{"**/tmp/**", "x/tmp/z x/tmp/a tmp/a/ tmp/ab tmp/ab/x tmp/a/x", "p/xtmp"},
		{"**/.gitignore", ".gitignore a/.gitignore b/c/.gitignore", "x.gitignore"},
		{"!**/.gitignore", "x.gitignore", ".gitignore a/.gitignore b/c/.gitignore"},
		{"foo/**/bar", "foo/bar foo/1/bar foo/1/2/bar", "foobar foox/bar foo/xbar"},
		{"/foo/**/bar", "foo/bar foo/x/bar", "x/foo/bar"},
		{"/**/bar", "bar x/bar x/y/bar", "xbar x/xbar"},
		{"foo/**/**/bar", "foo/bar foo/1/bar foo/1/2/bar", "foo/xbar"},
		{"foo**/bar", "foo/bar foo/1/bar foox/bar foox/1/bar", "foobar foo/xbar foox/xbar"},
		{"foo/**bar", "foo/bar foo/1/bar foo/xbar foo/1/xbar", "foobar foox/bar foox/xbar"},
		{"**/bar", "bar foo/bar foo/1/bar", "1/xbar xbar bar/ foo/bar/ foo/1/bar/"},
		{"**bar", "bar foo/bar foo/1/bar 1/xbar xbar", "bar/ foo/bar/ foo/1/bar/"},
		{"bar**", "bar/1 bar/ bar/1/2/3 barx/ barx/1 bary bar", "zbar"},
		{"**/tmp", "tmp p/tmp", "p/xtmp"},
		{"**/*tmp", "p/xtmp tmp ztmp", "tmpx"},
		{"tmp**", "tmpz tmp/z tmpz/z x/tmpz x/tmpz/z", "ptmpz"},
		{"a/tmp**", "a/tmpz a/tmp/z a/tmpz/z", "a/ptmpz"},
		{"/tmp**", "tmpz tmp/z tmpz/z", "ptmpz x/tmpz x/tmpz/z"},
		{"!/tmp**", "ptmpz x/tmpz x/tmpz/z", "tmpz tmp/z tmpz/z"},
		{"example", "example", "tmp/example/a"},
		{"z/example", "z/example", "tmp/pz/example/a"},
		{"", "a a/b a/b/c", ""},
		{"!", "", "a a/b"},
		{"/", "a a/b", ""},
		{"***", "a a/b", ""},
		{"µ", "µ x/µ", "tmp/µ/a"},
		{"z/ex.mple", "z/ex.mple", "z/exNmple"},
		{`z/ex\dmple`, `z/ex\dmple`, "z/ex1mple"},
		{"z/ex{1,2}mple", "z/ex{1,2}mple", "z/exmple z/exxmple"},
		{"z/ex[1|2]mple", "z/ex[1|2]mple", "z/ex2mple z/ex1mple"},
		{"a(b", "a(b", "ab"},
		{"a*b", "a\nb", "a\nb\n"},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			var r pattern.Rules
			if err := r.Include(tt.pattern); err != nil {
				t.Fatal(err)
			}
			if err := r.Exclude(""); err != nil {
				t.Fatal(err)
			}
			for _, name := range strings.Split(tt.yes, " ") {
				if name != "" && !r.Match(name) {
					t.Errorf("does not match %q", name)
				}
			}
			for _, name := range strings.Split(tt.no, " ") {
				if name != "" && r.Match(name) {
					t.Errorf("matches %q", name)
				}
			}
		})
	}
}

func TestFilter(t *testing.T) {
	for _, tt := range []struct {
		name, filter string
		yes, no      string // files
		walk, prune  string // folders
	}{
		{"no rule that matches includes", "+*.jpeg", "file.txt a/file.txt", "", "a", ""},
		{"the first match wins", "+*.txt -file.txt", "file.txt", "", "a", ""},
		{"the first match wins, the other way", "-file.txt +*.txt", "a.txt", "file.txt", "a", ""},
		{"nothing but some folders", "+data/ -", "data/1 x/data/y", "x/y data", "data x", ""},
		{"nothing but some folders at the top", "+/data/ +/photos/ -", "data/1 photos/2/3", "x/data/1 x", "data data/1 photos", "x dat datas"},
		{"a file below what is excluded", "+/tmp/data/a/b/c -/tmp/data/ +", "tmp/data/a/b/c tmp/x", "tmp/data/a/b/d tmp/data/x",
			"tmp tmp/data tmp/data/a tmp/data/a/b", "tmp/data/b tmp/data/a/c tmp/data/a/b/d"},
		{"folders that need no walk", "-*.tmp -/media/ -/proc/ +*.jpeg", "a/b.jpeg b.txt", "media/b.jpeg proc/1 b.tmp", "a media2 a/media", "media proc media/x"},
		{"an include before, that may be anywhere", "+*.jpeg -/media/", "media/a.jpeg", "media/a.txt", "media", ""},
		{"an include with a wildcard", "+/m*/keep -/media/ -/proc/", "media/keep", "media/x proc/keep", "media", "proc"},
		{"an include with a wildcard of folders", "+/m/**/keep -/m/ -/n/", "m/keep m/a/keep", "m/x n/keep", "m m/a", "n"},
		{"all but a folder", "-!/data/ +*.gz -", "data/a.gz data/x/b.gz", "a.gz data/a.txt x/data/a.gz", "data data/x", "x x/data"},
		{"all but a folder, no matter where", "-!data/", "data/a x/data/a", "a x/a", "data x", ""},
		{"an include of all but a folder", "+!cache/ -", "a x/a", "cache/a x/cache/a", "x", "cache x/cache"},
		{"names below stars", "-tmp**", "a", "tmp tmp/a x/tmpz/a", "x", "tmp tmpz x/tmp x/tmpz"},
		{"files only", "-tmp", "tmp/a", "tmp x/tmp", "tmp", ""},
		{"one level only", "-/tmp/*", "tmp/a/b", "tmp/a", "tmp tmp/a", ""},
		{"nothing", "-", "", "a a/b", "", "a a/b"},
		{"everything, then nothing", "+ -", "a a/b", "", "a", ""},
		{"signs apart", " - *.gz  +  *.txt ", "a.txt a", "a.gz", "", ""},
		{"signs as patterns", "-+ ++ --", "a", "+ -", "", ""},
		{"a sign alone before a rule", "+ -b", "b", "", "b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r pattern.Rules
			if err := r.Filter(tt.filter); err != nil {
				t.Fatal(err)
			}
			each(t, "includes", tt.yes, tt.no, r.Match)
			each(t, "prunes", tt.prune, tt.walk, r.Prune)
		})
	}
}

// each holds a function against the names that it is true of, and those that it is false of.
func each(t *testing.T, verb, yes, no string, is func(string) bool) {
	t.Helper()
	for _, name := range strings.Fields(yes) {
		if !is(name) {
			t.Errorf("not %s %q", verb, name)
		}
	}
	for _, name := range strings.Fields(no) {
		if is(name) {
			t.Errorf("%s %q", verb, name)
		}
	}
}

// TestPruneIsSure: whatever the rules, no name below a folder that is pruned is included.
func TestPruneIsSure(t *testing.T) {
	parts := []string{"a", "b", "ab", "/a", "/a/", "a/", "/a/b", "/a/b/", "**", "/**", "*", "/*", "/a*", "/a**", "a/**", "/a/**/b", "/**/b/", "?", "/?/", "",
		"!a/", "!/a/", "!/a/b", "!**", "!/a/**", "!*b", "!"}
	names := []string{"a", "b", "ab", "a/a", "a/b", "a/b/a", "a/b/ab", "b/a", "b/a/b", "ab/b", "b/a/b/a", "a/a/a/b"}
	pruned := 0
	for _, one := range parts {
		for _, two := range parts {
			for _, signs := range []string{"+-", "-+", "--"} {
				var r pattern.Rules
				for i, p := range []string{one, two} {
					add := r.Include
					if signs[i] == '-' {
						add = r.Exclude
					}
					if err := add(p); err != nil {
						t.Fatal(err)
					}
				}
				for _, name := range names {
					for i := range name {
						if name[i] != '/' || !r.Prune(name[:i]) {
							continue
						}
						if pruned++; r.Match(name) {
							t.Errorf("%c%s %c%s: %q is pruned, and %q included", signs[0], one, signs[1], two, name[:i], name)
						}
					}
				}
			}
		}
	}
	if pruned < 1000 {
		t.Errorf("%d folders pruned: the test tries nothing", pruned)
	}
}

func TestBadRules(t *testing.T) {
	for _, text := range []string{"", " ", "p", " +z  p +a", "+z z", "+a\xff", "+" + strings.Repeat("x", 5000)} {
		var r pattern.Rules
		if err := r.Filter(text); err == nil {
			t.Errorf("filter %.20q was accepted", text)
		}
		if !r.Match("z") {
			t.Errorf("filter %.20q was added in part", text)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	var r pattern.Rules
	if err := r.Filter("-*.tmp -/media/ -/proc/ -.cache/ +*.jpeg"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.Match("home/john/documents/2026/a letter to the tax office.odt")
	}
}
