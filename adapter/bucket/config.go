package bucket

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Config says which part of which bucket to read, and how.
type Config struct {
	Bucket string
	// Prefix begins the keys of all reports; empty takes the whole bucket.
	Prefix string
	// Endpoint is host and port of an S3-compatible server; empty is AWS.
	Endpoint string
	// Plain speaks HTTP without TLS.
	Plain bool
	// Region is asked of the server when it is empty.
	Region string
	// PathStyle puts the bucket into the path instead of the host name.
	PathStyle bool
	// Credentials is a file in the form of ~/.aws/credentials, Profile its
	// section. Without a file the environment has them.
	Credentials, Profile string
	// Every is how often the bucket is listed.
	Every time.Duration
	// Fields are said of every report, by the names of the API's query.
	Fields map[string]string
}

// How often a bucket is listed.
const (
	defaultEvery = time.Minute
	minEvery     = time.Second
)

// Parse reads
//
//	s3://BUCKET/PREFIX?endpoint=…&region=…&path_style=true&every=1m&credentials=FILE&profile=NAME
//
// What else the query has are fields. An endpoint without a scheme is reached
// over TLS; one that is an address or a single label takes the path style by
// itself.
func Parse(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Port() != "" || u.Fragment != "" {
		return Config{}, fmt.Errorf("bucket %q: want s3://BUCKET/PREFIX?endpoint=https://…&region=…", raw)
	}
	if u.User != nil {
		return Config{}, fmt.Errorf("bucket s3://%s: keys don't belong into the address: put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a file with credentials=FILE", u.Host)
	}
	c := Config{Bucket: u.Host, Prefix: strings.TrimPrefix(u.Path, "/"), Region: os.Getenv("AWS_REGION"), Every: defaultEvery, Fields: map[string]string{}}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Config{}, fmt.Errorf("bucket %q: %w", raw, err)
	}
	for name, values := range query {
		if len(values) != 1 {
			return Config{}, fmt.Errorf("bucket %q: %s is given twice", raw, name)
		}
		if err := c.option(name, values[0]); err != nil {
			return Config{}, fmt.Errorf("bucket %q: %w", raw, err)
		}
	}
	return c, nil
}

func (c *Config) option(name, value string) (err error) {
	switch name {
	case "endpoint":
		err = c.endpoint(value)
	case "region":
		c.Region = value
	case "path_style":
		if c.PathStyle, err = strconv.ParseBool(value); err != nil {
			err = fmt.Errorf("path_style %q: want true or false", value)
		}
	case "every":
		if c.Every, err = time.ParseDuration(value); err != nil || c.Every < minEvery {
			err = fmt.Errorf("every %q: want a time of %s or more, such as 30s or 5m", value, minEvery)
		}
	case "credentials":
		c.Credentials = value
	case "profile":
		c.Profile = value
	default:
		c.Fields[name] = value
	}
	return err
}

func (c *Config) endpoint(value string) error {
	if !strings.Contains(value, "://") {
		value = "https://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return fmt.Errorf("endpoint %q: want http(s)://HOST:PORT", value)
	}
	c.Endpoint, c.Plain = u.Host, u.Scheme == "http"
	return nil
}

// String names the bucket as people do.
func (c Config) String() string { return "s3://" + c.Bucket + "/" + c.Prefix }
