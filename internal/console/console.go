// Package console is the web console: pages for people, served at /console/.
//
// It is a client of Firn's own APIs, in process: a page asks, and a form
// changes, with requests that are signed with the session's key. So what may
// be done, what is said when it may not, and what stands in the audit log are
// the APIs'. Only what they cannot say comes from the rules themselves: a
// vault's archives page by page, the latest jobs, the state of the server.
//
// Nothing is shown and nothing is changed without a session. A session holds
// an access key, ends by itself, and is asked at each request whether its key
// is still good. Pages are whole without JavaScript, which adds uploads and
// live figures; they load nothing from elsewhere, run nothing that stands in
// them, and cannot be framed.
//
// What all pages have in common is package frame; the pages themselves are in
// rooms, a package each. What they look like is here: templates and assets.
package console

import (
	"embed"

	"firn/internal/console/archives"
	"firn/internal/console/frame"
	"firn/internal/console/jobs"
	"firn/internal/console/people"
	"firn/internal/console/system"
	"firn/internal/console/topics"
	"firn/internal/console/vaults"
)

// Root is the path that everything of the console is below.
const Root = frame.Root

// A Config is what the console works with.
type Config = frame.Config

// A Handler serves the console.
type Handler = frame.Handler

// A Setting is what something is set to, in words.
type Setting = frame.Setting

//go:embed templates/*.html assets/*.css assets/*.js assets/*.svg
var files embed.FS

// New returns a Handler.
func New(cfg Config) (*Handler, error) {
	return frame.New(cfg, files, vaults.Room(), archives.Room(), jobs.Room(), topics.Room(), people.Room(), system.Room())
}
