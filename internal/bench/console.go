package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A consolePage is a page of the console whose answers are timed.
type consolePage struct{ name, path string }

// consolePages are those that show what there is much of. In a bench the
// descriptions are empty, so nothing is like a description.
func consolePages() []consolePage {
	const v = "vault=bench"
	return []consolePage{
		{"vaults", "vaults"}, {"vault", "vault?" + v}, {"archives, newest", "archives?" + v},
		{"archives, oldest", "archives?order=oldest&" + v}, {"archives, a search in vain", "archives?match=nothing&" + v},
		{"jobs", "jobs?" + v}, {"jobs of all vaults", "jobs"}, {"emptying", "empty?" + v}, {"system", "system"},
	}
}

// console measures how long the console's pages take, as a browser sees it.
func (b *bench) console(ctx context.Context, f *firn) error {
	visitor, err := signIn(ctx, f)
	if err != nil {
		return err
	}
	for range b.plan.rounds {
		for _, page := range consolePages() {
			if err := b.page(ctx, f, visitor, page); err != nil {
				return err
			}
		}
	}
	next, err := deepPage(ctx, f, visitor)
	if err != nil {
		return err
	}
	return b.page(ctx, f, visitor, consolePage{"archives, a page on the way", next})
}

// signIn returns a client with a session.
func signIn(ctx context.Context, f *firn) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	visitor := &http.Client{Jar: jar, Timeout: patience}
	key := benchKey()
	form := url.Values{"key": {key.AccessKeyID}, "secret": {key.SecretAccessKey}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.host+"/console/", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := visitor.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK { // of the page it leads to
		return nil, fmt.Errorf("sign in to the console: %s", resp.Status)
	}
	return visitor, nil
}

// page times one page.
func (b *bench) page(ctx context.Context, f *firn, visitor *http.Client, page consolePage) error {
	var times []time.Duration
	var size int
	for range pages {
		began := time.Now()
		body, err := fetch(ctx, f, visitor, page.path)
		if err != nil {
			return err
		}
		times, size = append(times, time.Since(began)), len(body)
	}
	p := pace{latencies: times}
	name := "console, " + page.name
	b.report.add(name, "ms", p.quantile(0.5))
	b.report.also(name, "p99", "ms", p.quantile(0.99))
	b.report.also(name, "size", "KB", float64(size)/1e3)
	return nil
}

func fetch(ctx context.Context, f *firn, visitor *http.Client, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.host+"/console/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := visitor.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("console page %s: %s", path, resp.Status)
	}
	return body, err
}

var nextPage = regexp.MustCompile(`rel="next" href="/console/([^"]+)"`)

// deepPage goes on from page to page of the archives, and returns the path of
// the one it arrives at.
func deepPage(ctx context.Context, f *firn, visitor *http.Client) (string, error) {
	path := "archives?vault=bench"
	for range pages {
		body, err := fetch(ctx, f, visitor, path)
		if err != nil {
			return "", err
		}
		m := nextPage.FindSubmatch(body)
		if m == nil {
			return path, nil
		}
		path = strings.ReplaceAll(string(m[1]), "&amp;", "&")
	}
	return path, nil
}
