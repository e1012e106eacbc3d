//! Texts with code in them, and others.
use super::is_code;

/// Messages that have code in them.
const CODE: &[&str] = &[
    "Why does this fail?\n\ndef mean(xs):\n    total = sum(xs)\n    return total / len(xs)",
    "def f(x):\n    y = x + 1\n    return y",
    "Was gibt das aus?\nfor name in names:\n    if name is None:\n        raise ValueError(\"no name\")",
    "import os\nfrom sys import path\ndef f(x):\n  pass",
    "class Dog(Animal):\n    def bark(self):\n        print(\"Woof\")",
    "Optimise this query:\nSELECT name, COUNT(*) FROM users JOIN orders ON users.id = orders.user_id GROUP BY name",
    "select name, count(*)\nfrom users\nwhere age > 30\ngroup by name;",
    "Что не так?\nINSERT INTO users (name) VALUES ('Анна')",
    "What does it do?\nfor f in *.log; do\n  gzip \"$f\"\ndone",
    "#!/bin/sh\nset -e\nmake",
    "please explain\nfind . -name '*.py' -exec grep -l main {} +",
    "docker build -t app .\ndocker run -it --rm app",
    "diff --git a/main.c b/main.c\nindex 1..2\n",
    "@@ -1,3 +1,4 @@\n-old line\n+new line",
    "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\nKeyError: 'name'",
    "TypeError: Cannot read properties of undefined (reading 'map')\n    at App (/src/App.js:12:5)",
    "Exception in thread \"main\" java.lang.NullPointerException",
    "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds",
    "interface User {\n  id: number;\n  name?: string;\n}",
    "const total = items.map((item) => item.price).reduce((a, b) => a + b, 0);\nconsole.log(total);",
    "为什么不行？\nfunction add(a, b) {\n  return a + b\n}",
    "<div class=\"card\">\n  <p>Hello</p>\n</div>",
    "<!DOCTYPE html>\n<html>",
    "~~~\nx\n~~~",
    "Why?\n```\nx\n```",
    "fn main() {\n    run();\n}",
    "let mut count = 0;\nwhile count < 3 {\n    count += 1;\n}",
    "#include <stdio.h>\nint main(void) { return 0; }",
    "public class Main {\n    public static void main(String[] args) {\n    }\n}",
    "func main() {\n\tx := 3\n\tfmt.Println(x)\n}",
    ".card {\n  display: flex;\n  color: #333;\n}",
    "{\n  \"name\": \"app\",\n  \"private\": true,\n}",
    "def greet(name)\n  puts \"Hello, #{name}\"\nend\ngreet(\"Bob\")\nfoo = bar.map(&:to_s)",
    "error[E0382]: borrow of moved value: `x`",
    "int main() { return 0; }",
    "fn main() { println!(\"hi\"); }",
    "const f = (a) => a + 1",
    "print(\"hello world\")",
    "printf(\"%d\", x);",
    "console.log('hi');",
    "a { color: red; }",
    "(defun f (x) (* x x))",
    "(defun f (x)\n  (if (> x 0)\n      (* x (f (- x 1)))\n      1))",
    "(define (square x)\n  (* x x))",
    "fact :: Int -> Int\nfact 0 = 1\nfact n = n * fact (n-1)\nmain = print (fact 5)",
    "mov eax, 1\nint 0x80",
    "mov eax, 1\nmov ebx, 0\nint 0x80\nret",
    "ldr x0, [x1]\nadd x0, x0, 4\nstr x0, [x1]\nret",
    "interface A { b: string }\nexport type B = A | null",
    "interface A { b: string }",
    "my $x = 3; print $x;",
    "val x: Int = 3\nfun f(): Int = x",
    "x <- c(1,2,3)\ny <- mean(x)\nplot(x, y)",
    "int add(int a, int b)\n{\n    int c = a + b;\n    return c;\n}",
];

/// Messages that have none.
const PROSE: &[&str] = &[
    "",
    "What is the capital of France?",
    "Dear team;\nfrom Monday on we work at home;\nlet us know;\nthanks;",
    "I like rust; it is fast;\nso do we",
    "import duty is due\nfrom Monday on\nwe pay",
    "O captain! my captain!\nour fearful trip is done;\nthe ship has weathered every rack;\nthe prize is won;",
    "(a) the buyer shall pay the price (as agreed);\n(b) the seller shall deliver; and\n(c) both parties shall keep it secret;",
    "Monday: rest;\nTuesday: run;\nWednesday: swim;",
    "Solve for x:\n3x + 4 = 19\ny = 2x\nz = x + y",
    "Let x be a number.\nLet y be another.\nIf x = y, what is x - y?",
    "if this is true:\nwhat follows?",
    "for the record:\nwe never agreed\nclass starts at nine\npublic transport is late\nprivate lessons cost more\nreturn the book",
    "Subject: Meeting\nTo: Ann (sales), Bob\nDate: 3/4/2026\n\nHello both,\nsee you at 10:00.",
    "1. Buy milk (2 l)\n2. Call mum - she's waiting\n3. Read [this](https://example.com/a?b=c&d=e)",
    "| name | age |\n| --- | --- |\n| Ann | 7 |",
    "# A title\n\n- one\n- two: three\n- four",
    "> he said so\n> and I answered\n\nWho is right?",
    "Q: Is it \"right\"?\nA: Yes; of course.",
    "Answer with A, B, C or D.\nA) 3\nB) 4\nC) 5\nD) 6",
    "<document>\nThe river rose.\n</document>\nSummarise the document.",
    "Подскажи, пожалуйста:\nкак доехать до вокзала;\nсколько это стоит;\nспасибо;",
    "请翻译下面的句子：\n今天天气很好；\n我们去公园。",
    "Schreibe eine Mail an das Team;\nwir treffen uns um 9 (pünktlich);\ndanke;",
    "Bonjour : pouvez-vous m'aider ?\nMerci ;\nA bientôt ;",
    "The function f(x) is even; find its roots.",
    "Make sure - as always - to cite sources.\nFind the answer, then echo it.\nCat and dog names, please.",
    "Prices: apples $3, pears $4 (per kilo).\nTotal = $7?",
    "He (the judge) ruled; she (the clerk) wrote.\nWhile (as she said) it rained.",
    "\\begin{equation}\n\\frac{a}{b} = c\n\\end{equation}",
    "Let f(x) = x^2; then f(2) = 4;\nso f(3) = 9;",
    "Let f(x) = x^2; then f(2) = 4;\nso f(3) = 9;\nf(4) = 16;",
    "Preheat to 350F (175C).\nMix: flour = 2 cups; sugar = 1 cup;\nreturn to oven; for 10 min;",
    "Add sugar, 1 spoon\nadd eggs, milk\ncall mum, then dad",
    "\\frac{a}{b} = \\sum_{i=0}^n x_i",
    "The set {1; 2} is small (see above).\nIs f(x) {even}?",
    "Is 3 > 2 and 2 < 4; why (in words)?",
    "He said (\"hello\") and left (\"bye\")",
    "Ann: hi\nBob: hello\nAnn: how are you?",
    "Email me at ann@example.com or bob@example.com & cc: carol",
];

#[test]
fn code_is_told_from_prose() {
    for (texts, expected) in [(CODE, true), (PROSE, false)] {
        for text in texts {
            assert_eq!(is_code(text.lines()), expected, "{text}");
        }
    }
}

/// A fence or a line may stand anywhere, and so may what is no code.
#[test]
fn code_is_found_among_prose() {
    for (code, prose) in CODE.iter().zip(PROSE) {
        assert!(is_code(prose.lines().chain(code.lines()).chain(prose.lines())), "{code}");
    }
    assert!(!is_code(
        PROSE.iter().filter(|text| !text.contains(['=', '('])).flat_map(|t| t.lines())
    ));
}
