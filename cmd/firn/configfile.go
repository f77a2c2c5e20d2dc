package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"firn/glacier"
	"firn/internal/server"
)

// readConfigFile sets the flags that a YAML file names and the command line
// does not, and returns the buckets that it has, which are no flag's.
func readConfigFile(flags *pflag.FlagSet, path string) (map[string]server.Bucket, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var values map[string]yaml.Node
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var buckets map[string]server.Bucket
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		flag := flags.Lookup(name)
		switch {
		case name == "buckets":
			buckets, err = readBuckets(&value)
		case flag == nil || name == "config" || name == "help":
			err = fmt.Errorf("there is no setting %q", name)
		case flag.Changed: // the command line wins
		default:
			err = setFlag(flags, name, &value)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			err = nil
		}
	}
	return buckets, errors.Join(errs...)
}

func setFlag(flags *pflag.FlagSet, name string, value *yaml.Node) error {
	text, err := scalar(value)
	if err == nil {
		err = flags.Set(name, text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// scalar is a single value as it is written: an account's number keeps its
// leading zero. Its errors do not show it.
func scalar(value *yaml.Node) (text string, err error) {
	if value.Decode(&text) != nil {
		return "", fmt.Errorf("line %d: there must be a single value", value.Line)
	}
	return text, nil
}

// readBuckets reads a mapping from names of buckets to their settings.
func readBuckets(value *yaml.Node) (map[string]server.Bucket, error) {
	var list map[string]map[string]yaml.Node
	if value.Decode(&list) != nil { // the library's words show values
		return nil, fmt.Errorf("buckets: line %d: there must be the name of each bucket once, and below it each of its settings once", value.Line)
	}
	buckets := make(map[string]server.Bucket)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(list)) {
		var b server.Bucket
		b.Name = name
		_, here := list[name]["secret-key"]
		if _, there := list[name]["secret-key-file"]; here && there {
			errs = append(errs, fmt.Errorf("buckets: %s: secret-key and secret-key-file must not be given together", name))
		}
		for _, setting := range slices.Sorted(maps.Keys(list[name])) {
			value := list[name][setting]
			if err := setBucket(&b, setting, &value); err != nil {
				errs = append(errs, fmt.Errorf("buckets: %s: %s: %w", name, setting, err))
			}
		}
		buckets[name] = b
	}
	return buckets, errors.Join(errs...)
}

// setBucket takes one setting of a bucket.
func setBucket(b *server.Bucket, setting string, value *yaml.Node) (err error) {
	if setting == "accounts" {
		b.Accounts, err = accounts(value)
		return err
	}
	text, err := scalar(value)
	if err != nil {
		return err
	}
	switch setting {
	case "endpoint":
		b.Endpoint = text
	case "region":
		b.Region = text
	case "bucket":
		b.Name = text
	case "access-key":
		b.AccessKey = text
	case "secret-key":
		b.SecretKey = text
	case "secret-key-file":
		b.SecretKey, err = readSecret(text)
	case "session-token":
		b.SessionToken = text
	case "path-style":
		if b.PathStyle, err = strconv.ParseBool(text); err != nil {
			err = errors.New("it must be true or false")
		}
	case "timeout":
		if b.Timeout, err = time.ParseDuration(text); err != nil || b.Timeout <= 0 {
			err = errors.New("it must be a time such as 5m")
		}
	default:
		err = errors.New("there is no such setting")
	}
	return err
}

// accounts reads a list of numbers, or a single one. An empty list is one, too: of
// nobody.
func accounts(value *yaml.Node) ([]glacier.AccountID, error) {
	if text, err := scalar(value); err == nil {
		return []glacier.AccountID{glacier.AccountID(text)}, nil
	}
	list := []glacier.AccountID{}
	if value.Decode(&list) != nil {
		return nil, fmt.Errorf("line %d: there must be a list of accounts", value.Line)
	}
	return list, nil
}

// readSecret reads a file that holds a secret and nothing else, in a line.
func readSecret(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(data)), nil
}
