use super::folder;
use crate::{Kind, Language, OutlineInput, outline, symbols};

/// One line for each symbol: indented by depth, kind, name and lines.
fn drawn(language: Language, text: &str) -> String {
    symbols(language, text)
        .into_iter()
        .map(|one| {
            let kind = serde_json::to_value(one.kind).unwrap();
            let (indent, kind) = ("  ".repeat(one.depth), kind.as_str().unwrap().to_owned());
            format!("{indent}{kind} {} {}-{}\n", one.name, one.line, one.last)
        })
        .collect()
}

#[test]
fn rust() {
    let text = r##"//! fn not_this() {}
use std::fmt;

/* struct Hidden; /* nested */ enum AlsoHidden {} */
#[derive(Debug)]
pub(crate) struct Point<T> {
    x: T,
}

impl<T: Copy> fmt::Display for Point<T>
where
    T: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = "fn fake() {";
        let raw = r#"
fn inside_a_string() {}
"#;
        write!(f, "{}{text}{raw}", '"')
    }
}

pub const LIMIT: usize = 3;
const _: () = ();
pub async unsafe fn go<'a>(
    x: &'a str,
) -> &'a str {
    fn inner() {}
    x
}
pub const fn constant() {}
extern "C" fn outside() {}
macro_rules! twice { ($x:expr) => { $x; $x }; }
#[cfg(test)] mod tests {
    #[test]
    fn works() {}
}
trait Shape { }
pub type Pair = (u8, u8);
static mut COUNT: u8 = 0;
"##;
    let expected = "\
struct Point 6-8
impl fmt::Display for Point<T> 10-21
  method fmt 14-20
constant LIMIT 23-23
function go 25-30
  function inner 28-28
function constant 31-31
function outside 32-32
macro twice 33-33
module tests 34-37
  function works 36-36
trait Shape 38-38
type Pair 39-39
constant COUNT 40-40
";
    assert_eq!(drawn(Language::Rust, text), expected);
}

#[test]
fn typescript() {
    let text = "\
// class No {}
export default class Shop<T> extends Base {
  private readonly items = new Map();
  static async open(path: string): Promise<void> {
    if (path) {
      call(`class Fake {
        function fake() {}
      `);
    }
  }
  get size() { return 1; }
  #hidden() {
  }
  onClick = (event: Event) => {
  };
}
export interface Item { name: string }
export type Id = string | number;
export const LIMIT = 3, other = 4;
const add = (a: number, b: number) => a + b;
export async function* main(): AsyncGenerator {
  function inner() {}
}
declare namespace Api {
  enum Colour { Red }
}
export const enum Mode { A }
type('not a type');
";
    let expected = "\
class Shop 2-16
  method open 4-10
  method size 11-11
  method hidden 12-13
  method onClick 14-15
interface Item 17-17
type Id 18-18
constant LIMIT 19-19
function add 20-20
function main 21-23
  function inner 22-22
module Api 24-26
  enum Colour 25-25
enum Mode 27-27
";
    assert_eq!(drawn(Language::Typescript, text), expected);
}

#[test]
fn python() {
    let text = "\
'''
def fake(): pass
'''
LIMIT = 3
Name = 4
class Shop(Base):
    \"\"\"class Fake: pass\"\"\"
    def __init__(self,
                 x):
        self.x = x  # def nothing

    async def go(self):
        def inner():
            pass
        return inner

def main():
    x = 'def quoted(): '
    return x
";
    let expected = "\
constant LIMIT 4-4
class Shop 6-15
  method __init__ 8-10
  method go 12-15
    function inner 13-14
function main 17-19
";
    assert_eq!(drawn(Language::Python, text), expected);
}

#[test]
fn go() {
    let text = "\
package main

type Shop[T any] struct {
\titems []T
}
type Reader interface {
\tRead() error
}
type ID = string
const limit = 3
func (s *Shop[T]) Open(path string) error {
\traw := `
func fake() {}
`
\treturn nil
}
func main() {
\tgo func() {}()
}
";
    let expected = "\
module main 1-1
struct Shop 3-5
interface Reader 6-8
type ID 9-9
constant limit 10-10
method Shop.Open 11-16
function main 17-19
";
    assert_eq!(drawn(Language::Go, text), expected);
}

#[test]
fn c_and_cpp() {
    let text = "\
#include <stdio.h>
#define LIMIT 3
typedef unsigned long word;
struct point {
    int x;
};
static struct point *make(int x)
{
    if (x > 0) {
        call(x);
    }
    return make(\"int fake(void) {\");
}
int declared(int x);
int table[] = { f(1) };
namespace shop {
class Store : public Base {
 public:
    explicit Store(int x) {
    }
    int size() const {
        return 1;
    }
};
}
int shop::Store::open(const char *path) {
    return 0;
}
enum colour { RED };
";
    let expected = "\
macro LIMIT 2-2
type word 3-3
struct point 4-6
function make 7-13
module shop 16-16
class Store 17-24
  method Store 19-20
  method size 21-23
method shop::Store::open 26-28
";
    assert_eq!(drawn(Language::C, text), expected);
}

#[test]
fn java() {
    let text = "\
package org.example.shop;

@Entity(name = \"x\")
public final class Shop<T> extends Base {
    private static final int LIMIT = compute(3);
    /* void fake() { */
    @Override public String toString() {
        return String.format(\"void fake() {\");
    }
    public Shop(int x) {
        this.x = x;
    }
    <R> List<R> map(
            Function<T, R> f) throws IOException {
        for (T item : items) {
            call(item);
        }
    }
    interface Inner { void go(); }
    enum Colour { RED }
    record Pair(int a, int b) {}
}
";
    let expected = "\
module org.example.shop 1-1
class Shop 4-22
  method toString 7-9
  method Shop 10-12
  method map 13-18
  interface Inner 19-19
  enum Colour 20-20
  struct Pair 21-21
";
    assert_eq!(drawn(Language::Java, text), expected);
}

#[test]
fn markdown() {
    let text = "# One\ntext\n## Two ##\n```\n# no\n```\n    # code\n## C#\n#no\n# Last\n";
    let expected = "\
heading One 1-9
  heading Two 3-7
  heading C# 8-9
heading Last 10-10
";
    assert_eq!(drawn(Language::Markdown, text), expected);
}

#[test]
fn broken_code_has_an_outline_up_to_its_end() {
    for language in [
        Language::Rust,
        Language::Javascript,
        Language::Python,
        Language::Go,
        Language::C,
        Language::Java,
        Language::Markdown,
    ] {
        for text in ["\"", "'", "/*", "r#\"", "`", "{{{(((", "fn", "class ", "#[", "func (", "\\"] {
            // A line that is no code of any language still ends where the text ends.
            assert!(symbols(language, text).iter().all(|one| (one.line, one.last) == (1, 1)));
        }
    }
}

#[test]
fn symbols_are_chosen_and_counted() {
    let (_folder, tree) = folder(&[
        ("a.rs", "struct Alpha;\nimpl Alpha {\n    fn beta() {}\n}\n"),
        ("b.py", "def alphabet():\n    pass\n"),
        ("c.txt", "fn no() {}\n"),
    ]);
    let names = |input: &OutlineInput| -> Vec<String> {
        let output = outline(&tree, input).unwrap();
        output.files.into_iter().flat_map(|file| file.symbols).map(|one| one.name).collect()
    };
    let all = OutlineInput::default();
    assert_eq!(names(&all), ["Alpha", "Alpha", "beta", "alphabet"]);
    assert_eq!(outline(&tree, &all).unwrap().files_read, 2);
    assert_eq!(names(&OutlineInput { name: "BET".into(), ..all.clone() }), ["beta", "alphabet"]);
    let kinds = vec![Kind::Function, Kind::Struct];
    assert_eq!(names(&OutlineInput { kinds, ..all.clone() }), ["Alpha", "alphabet"]);
    let top = OutlineInput { depth: Some(0), path: "a.rs".into(), ..all.clone() };
    assert_eq!(names(&top), ["Alpha", "Alpha"]);
    let cut = outline(&tree, &OutlineInput { limit: Some(3), ..all.clone() }).unwrap();
    assert!(cut.truncated);
    assert_eq!(cut.files.iter().map(|file| file.symbols.len()).sum::<usize>(), 3);
    let unknown = OutlineInput { path: "c.txt".into(), ..all };
    assert_eq!(outline(&tree, &unknown).unwrap_err().code, "unknown-language");
}
