using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ControlNetSharp.Checkpoints.Torch;

/// <summary>
/// Reads one pickle. It builds numbers, texts, lists, dictionaries and tensors, and runs nothing: of an object
/// whose class is not in
/// <see cref="PickleGlobals"/> the name is kept and nothing else.
/// Work and memory are bounded by the number of operations. Source: CPython Lib/pickletools.py, protocols 0 to 5.
/// </summary>
internal ref struct PickleReader
{
    /// <summary>
    /// Longest pickle that is read, in bytes. That of Stable Diffusion with optimizer and averaged weights has under a
    /// million; the numbers of tensors are not in it.
    /// </summary>
    public const int Longest = 1 << 26;

    private const int MostOperations = 1 << 22;
    private readonly Func<PickleSequence, object?> _persistent;
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private PickleInput _input;

    private PickleReader(ReadOnlySpan<byte> bytes, Func<PickleSequence, object?> persistent)
    {
        _input = new PickleInput(bytes);
        _persistent = persistent;
    }

    /// <summary>Reads the pickle at the beginning of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The pickle; more may follow.</param>
    /// <param name="persistent">Finds what a persistent id stands for.</param>
    /// <param name="length">Bytes that the pickle took.</param>
    /// <exception cref="FormatException">It is damaged, wants to act on the machine, or is a bomb.</exception>
    public static object? Read(ReadOnlySpan<byte> bytes, Func<PickleSequence, object?> persistent, out int length)
    {
        var reader = new PickleReader(bytes, persistent);
        for (var operations = 0; operations < MostOperations; operations++)
        {
            var operation = (char)reader._input.Byte();
            if (operation == '.')
            {
                length = reader._input.Position;
                return reader.Pop();
            }

            if (
                !(
                    reader.RunStructure(operation)
                    || reader.RunScalar(operation)
                    || reader.RunContainer(operation)
                    || reader.RunMemo(operation)
                    || reader.RunObject(operation)
                )
            )
            {
                var place = reader._input.Position - 1;
                throw new FormatException(
                    $"the operation 0x{(int)operation:x2} at byte {place} is none that a checkpoint uses"
                );
            }
        }

        throw new FormatException($"it has more than {MostOperations} operations");
    }

    private bool RunStructure(char operation)
    {
        switch (operation)
        {
            case '\x80': // PROTO
                if (_input.Byte() is var version and > 5)
                {
                    throw new FormatException($"its protocol is {version}; 0 to 5 can be read");
                }

                return true;
            case '\x95': // FRAME: what follows is not read at once here, so its length does not matter.
                _input.Take(8);
                return true;
            case '(':
                _marks.Add(_stack.Count);
                return true;
            case '0' when _marks.Count > 0 && _marks[^1] == _stack.Count:
            case '1':
                PopToMark();
                return true;
            case '0':
                Pop();
                return true;
            case '2':
                _stack.Add(Peek());
                return true;
            default:
                return false;
        }
    }

    private bool RunScalar(char operation)
    {
        var isScalar = _input.TryScalar(operation, out var value);
        if (isScalar)
        {
            _stack.Add(value);
        }

        return isScalar;
    }

    private bool RunContainer(char operation)
    {
        switch (operation)
        {
            case ')' or ']' or '\x8f':
                _stack.Add(new PickleSequence());
                return true;
            case '}':
                _stack.Add(new PickleDictionary());
                return true;
            case 't' or 'l' or '\x91': // TUPLE, LIST, FROZENSET
                _stack.Add(new PickleSequence(PopToMark()));
                return true;
            case '\x85' or '\x86' or '\x87': // TUPLE1, TUPLE2, TUPLE3
                var items = new object?[operation - '\x84'];
                for (var i = items.Length - 1; i >= 0; i--)
                {
                    items[i] = Pop();
                }

                _stack.Add(new PickleSequence(items));
                return true;
            case 'd':
                var entries = PopToMark();
                var dictionary = new PickleDictionary();
                Set(dictionary, entries);
                _stack.Add(dictionary);
                return true;
            case 'a':
                var item = Pop();
                Append([item]);
                return true;
            case 'e' or '\x90': // APPENDS, ADDITEMS
                Append(PopToMark());
                return true;
            case 's':
                var value = Pop();
                var key = Pop();
                Set(Peek(), [key, value]);
                return true;
            case 'u':
                var pairs = PopToMark();
                Set(Peek(), pairs);
                return true;
            default:
                return false;
        }
    }

    private bool RunMemo(char operation)
    {
        switch (operation)
        {
            case 'q':
                _memo[_input.Byte()] = Peek();
                return true;
            case 'r':
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(_input.Take(4))] = Peek();
                return true;
            case 'p':
                _memo[PickleInput.Index(_input.Line())] = Peek();
                return true;
            case '\x94':
                _memo[_memo.Count] = Peek();
                return true;
            case 'h':
                _stack.Add(Remembered(_input.Byte()));
                return true;
            case 'j':
                _stack.Add(Remembered(BinaryPrimitives.ReadUInt32LittleEndian(_input.Take(4))));
                return true;
            case 'g':
                _stack.Add(Remembered(PickleInput.Index(_input.Line())));
                return true;
            default:
                return false;
        }
    }

    private bool RunObject(char operation)
    {
        switch (operation)
        {
            case 'c':
                var module = _input.Line();
                _stack.Add(PickleGlobals.Find(module, _input.Line()));
                return true;
            case '\x93': // STACK_GLOBAL
                var name = Pop() as string ?? throw new FormatException("a name is no text");
                _stack.Add(PickleGlobals.Find(Pop() as string ?? throw new FormatException("a name is no text"), name));
                return true;
            case 'R' or '\x81': // REDUCE, NEWOBJ
                var arguments = Pop();
                _stack.Add(Call(Pop(), arguments));
                return true;
            case '\x92': // NEWOBJ_EX, with named arguments, which nothing that is understood has
                Pop();
                var positional = Pop();
                _stack.Add(Call(Pop(), positional));
                return true;
            // BUILD: attributes of an object. Only a module that is a dictionary of parameters has tensors among them.
            case 'b':
                var state = Pop();
                RefuseAttack(Peek());
                if (
                    Peek() is PickleDictionary built
                    && (state as PickleDictionary)?.Entries.GetValueOrDefault("_parameters")
                        is PickleDictionary parameters
                )
                {
                    foreach (var (parameter, tensor) in parameters.Entries)
                    {
                        built.Set(parameter, tensor);
                    }
                }

                return true;
            case 'i': // INST
                var of = _input.Line();
                _stack.Add(Call(PickleGlobals.Find(of, _input.Line()), new PickleSequence(PopToMark())));
                return true;
            case 'o': // OBJ
                var parts = PopToMark();
                _stack.Add(
                    Call(parts.Length > 0 ? parts[0] : null, new PickleSequence(parts.Length > 0 ? parts[1..] : []))
                );
                return true;
            case 'Q': // BINPERSID
                _stack.Add(
                    _persistent(Pop() as PickleSequence ?? throw new FormatException("a persistent id is no tuple"))
                );
                return true;
            default:
                return false;
        }
    }

    private static object? Call(object? function, object? arguments)
    {
        RefuseAttack(function);
        return function is ForeignGlobal ? function
            : (function, arguments) is (CallableGlobal known, PickleSequence sequence) ? known.Call(sequence.Items)
            : throw new FormatException(
                function is PickleGlobal global
                    ? $"it calls {global.Name}, which is no function"
                    : "it calls what is no function"
            );
    }

    private static void RefuseAttack(object? value)
    {
        if (value is ForeignGlobal { IsAttack: true } attack)
        {
            throw new FormatException(
                $"it wants to run {attack.Name}, which no checkpoint needs; nothing is run here, elsewhere it would be"
            );
        }
    }

    private readonly void Append(ReadOnlySpan<object?> items)
    {
        if (Peek() is PickleSequence list)
        {
            foreach (var item in items)
            {
                list.Add(item);
            }
        }
        else if (Peek() is not (OpaqueValue or ForeignGlobal))
        {
            throw new FormatException("it appends to what is no list");
        }
    }

    private static void Set(object? target, ReadOnlySpan<object?> entries)
    {
        if (target is not (PickleDictionary or OpaqueValue or ForeignGlobal) || entries.Length % 2 != 0)
        {
            throw new FormatException("it sets entries of what is no dictionary");
        }

        for (var i = 0; i < entries.Length; i += 2)
        {
            (target as PickleDictionary)?.Set(entries[i], entries[i + 1]);
        }
    }

    private readonly object? Remembered(long index) =>
        _memo.TryGetValue(index, out var value)
            ? value
            : throw new FormatException($"it recalls value {index}, which was not remembered");

    private readonly object? Peek() =>
        _stack.Count > Floor ? _stack[^1] : throw new FormatException("a value is missing");

    private readonly int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw new FormatException("a mark is missing");
        }

        var mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        var items = _stack[mark..].ToArray();
        _stack.RemoveRange(mark, items.Length);
        return items;
    }
}
