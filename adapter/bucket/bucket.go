// Package bucket reads reports from storage that speaks S3: it lists what
// lies under a prefix, opens objects, and reads the events that such storage
// sends. It writes nothing: a key that may only list and read is enough.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// ErrChanged says that an object is not there any more as it was seen.
var ErrChanged = errors.New("the object has changed or is gone")

// aws is the endpoint that stands for all of Amazon's.
const aws = "s3.amazonaws.com"

// retries is how often one request is made. Every look at a bucket is another
// try, so patience within one only delays the others.
const retries = 3

// metaPrefix begins the user metadata that is for us: an object stored with
// "x-amz-meta-stance-asset: shop/api" says the field asset.
const metaPrefix = "stance-"

// Object is a file in a bucket.
type Object struct {
	Key string
	// ETag changes with the content; without quotes.
	ETag string
	Size int64
	// Modified is when it was stored, in whole seconds: listings of some
	// servers are finer than their answers for one object.
	Modified time.Time
	// Fields are what its metadata says of the report; a listing has none.
	Fields map[string]string
}

// Bucket is one bucket under one prefix.
type Bucket struct {
	Config
	core minio.Core
}

// Open makes a client. It sends nothing yet.
func Open(c Config) (*Bucket, error) {
	o := &minio.Options{Creds: keysOf(c), Secure: !c.Plain, Region: c.Region, MaxRetries: retries}
	if c.PathStyle {
		o.BucketLookup = minio.BucketLookupPath
	}
	host := c.Endpoint
	if host == "" {
		host = aws
	}
	core, err := minio.NewCore(host, o)
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", c, err)
	}
	return &Bucket{c, *core}, nil
}

// keysOf says where the keys come from: the file that is named, else the
// environment, else the role of the machine where the storage is Amazon's.
func keysOf(c Config) *credentials.Credentials {
	if c.Credentials != "" || c.Profile != "" {
		return credentials.NewFileAWSCredentials(c.Credentials, c.Profile)
	}
	sources := []credentials.Provider{&credentials.EnvAWS{}}
	if c.Endpoint == "" {
		sources = append(sources, &credentials.IAM{Region: c.Region})
	}
	return credentials.NewChainCredentials(sources)
}

// List walks everything under the prefix in the order of the keys. It ends
// with the first error.
func (b *Bucket) List(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for o := range b.core.ListObjectsIter(ctx, b.Bucket, minio.ListObjectsOptions{Prefix: b.Prefix, Recursive: true}) {
			if o.Err != nil {
				yield(Object{}, fmt.Errorf("list %s: %w", b, o.Err))
				return
			}
			if !yield(object(o), nil) {
				return
			}
		}
	}
}

// Stat returns an object as it is now. It returns ErrChanged when there is
// none.
func (b *Bucket) Stat(ctx context.Context, key string) (Object, error) {
	o, err := b.core.StatObject(ctx, b.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Object{}, b.problem("look at", key, err)
	}
	o.Key = key
	return object(o), nil
}

// Get opens an object that was listed and returns what its metadata says. It
// returns ErrChanged when another one stands in its place.
func (b *Bucket) Get(ctx context.Context, o Object) (io.ReadCloser, map[string]string, error) {
	var opts minio.GetObjectOptions
	if err := opts.SetMatchETag(o.ETag); err != nil {
		return nil, nil, fmt.Errorf("open %q in %s: %w", o.Key, b, err)
	}
	body, info, _, err := b.core.GetObject(ctx, b.Bucket, o.Key, opts)
	if err != nil {
		return nil, nil, b.problem("open", o.Key, err)
	}
	if info.ETag != o.ETag { // a server that knows no conditions
		return nil, nil, errors.Join(ErrChanged, body.Close())
	}
	return body, object(info).Fields, nil
}

func (b *Bucket) problem(what, key string, err error) error {
	switch minio.ToErrorResponse(err).StatusCode {
	case http.StatusNotFound, http.StatusPreconditionFailed:
		return ErrChanged
	}
	return fmt.Errorf("%s %q in %s: %w", what, key, b, err)
}

func object(o minio.ObjectInfo) Object {
	out := Object{Key: o.Key, ETag: o.ETag, Size: o.Size, Modified: o.LastModified.UTC().Truncate(time.Second), Fields: map[string]string{}}
	for k, v := range o.UserMetadata {
		if name, ok := strings.CutPrefix(strings.ToLower(k), metaPrefix); ok {
			out.Fields[strings.ReplaceAll(name, "-", "_")] = v
		}
	}
	return out
}
