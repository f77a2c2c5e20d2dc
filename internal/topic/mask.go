package topic

import (
	"net/url"
	"strings"
)

// hidden stands for a secret.
const hidden = "****"

// Mask returns an endpoint as it may be shown. The password in it, of
// user:password@host, is hidden; so is a user without one where that may be a
// token, which is everywhere but in HTTP; and so are parameters whose names
// speak of secrets. Of several hosts with users, the last is shown; of an endpoint
// with a password that was not escaped, nothing but the scheme is.
func Mask(endpoint string) string {
	shown, _ := mask(endpoint)
	return shown
}

// mask returns an endpoint as it may be shown, and what it hid.
func mask(endpoint string) (shown string, secrets []string) {
	scheme, rest, ok := strings.Cut(endpoint, "://")
	if !ok {
		return endpoint, nil
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if misread(scheme, endpoint, rest[end:]) {
		return scheme + "://" + hidden, pieces(rest)
	}
	authority, rest := rest[:end], rest[end:]
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, found := strings.Cut(authority[:at], ":")
		switch {
		case found:
			authority = user + ":" + hidden + authority[at:]
			secrets = append(secrets, password)
		case scheme != protocolHTTP && scheme != protocolHTTPS:
			authority = hidden + authority[at:]
			secrets = append(secrets, user)
		}
	}
	path, query, ok := strings.Cut(rest, "?")
	if ok {
		var more []string
		query, more = maskQuery(query)
		secrets = append(secrets, more...)
		rest = path + "?" + query
	}
	return scheme + "://" + authority + rest, secrets
}

// misread reports whether an endpoint may have a password in it that was not
// escaped, whose slash or number sign ends the host too early: after is what
// follows. In HTTP an at sign may well be in the path.
func misread(scheme, endpoint, after string) bool {
	if !strings.Contains(after, "@") {
		return false
	}
	_, err := url.Parse(endpoint)
	return err != nil || scheme != protocolHTTP && scheme != protocolHTTPS
}

// pieces are what may be a secret in such an endpoint: all before the last at
// sign, and what a message about it may have made of that.
func pieces(rest string) []string {
	user := rest[:strings.LastIndexByte(rest, '@')]
	return append([]string{rest, user}, strings.FieldsFunc(user, func(c rune) bool { return strings.ContainsRune(":/?#@", c) })...)
}

// maskQuery is mask for what follows the question mark.
func maskQuery(query string) (shown string, secrets []string) {
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		key, value, ok := strings.Cut(p, "=")
		if ok && secretive(key) {
			parameters[i] = key + "=" + hidden
			secrets = append(secrets, value)
		}
	}
	return strings.Join(parameters, "&"), secrets
}

func secretive(key string) bool {
	key = strings.ToLower(key)
	for _, word := range [...]string{"pass", "secret", "token", "key", "sig", "cred"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// scrub takes an endpoint's secrets out of a text about it, and keeps the text
// short.
func scrub(text, endpoint string) string {
	shown, secrets := mask(endpoint)
	text = strings.ReplaceAll(text, endpoint, shown)
	for _, secret := range secrets {
		for _, form := range []string{secret, unescaped(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, hidden)
			}
		}
	}
	text = strings.ToValidUTF8(text, "?")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

// unescaped is a text as it was before it was put into a URL.
func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
