package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// patience repeats requests for as long as the server asks to come back later
// and the time lasts.
type patience struct {
	left time.Duration
	err  io.Writer // where it says that it waits
	wait func(context.Context, time.Duration) error
}

// patience returns one that waits so long altogether.
func (a *App) patience(most time.Duration) *patience { return &patience{most, a.Err, pause} }

// defaultPatience is how long commands wait for a server without room.
const defaultPatience = 10 * time.Minute

// longestPause bounds a single wait, whatever the server asks for: room may
// come sooner.
const longestPause = time.Minute

// do makes a request until it is answered otherwise than by "later". rewind
// makes the request ready to be made again.
func (p *patience) do(ctx context.Context, what string, request, rewind func() error) error {
	for {
		err := request()
		var asked *problem
		if !errors.As(err, &asked) || asked.After <= 0 {
			return err
		}
		after := min(asked.After, longestPause)
		if after > p.left {
			return fmt.Errorf("given up after waiting: %w", err)
		}
		if again := rewind(); again != nil {
			return errors.Join(err, again)
		}
		fmt.Fprintf(p.err, "stance: %s: %s; trying again in %s\n", what, asked.Error(), after)
		p.left -= after
		if stopped := p.wait(ctx, after); stopped != nil {
			return stopped
		}
	}
}

// rewinder takes a body back to where it was. One that can't be, standard
// input, may be sent again only while nothing of it was read.
func rewinder(body io.Reader) (io.Reader, func() error) {
	if s, ok := body.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			return body, func() error {
				_, err := s.Seek(at, io.SeekStart)
				return err
			}
		}
	}
	o := &once{r: body}
	return o, func() error {
		if o.read {
			return errors.New("standard input can't be read a second time; import it from a file")
		}
		return nil
	}
}

// once remembers whether it was read from.
type once struct {
	r    io.Reader
	read bool
}

// Read implements io.Reader.
func (o *once) Read(b []byte) (int, error) {
	n, err := o.r.Read(b)
	o.read = o.read || n > 0
	return n, err
}
