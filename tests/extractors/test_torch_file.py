"""The file was written by PyTorch 2.13's torch.save, as it was before 1.6 (_use_new_zipfile_serialization=False)."""

import base64
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest

from ganline.extractors.torch_file import MAGIC, tensors

SAVED = zlib.decompress(base64.b85decode(
    'c-p;^J8#oa7=~@fNx-xv+*7XMo^Xjw;s$4;l~9Fr3bbMIf=qA@wUK4#vyY2Fs+1*dVPa%p=-82wu|I{CpMb=`>o`;`WNw_tR!&Zy'
    '@6Bruluw%f`|IMb%G;gg+4?|v`ZI^~I!RTlBuP>~3PtFIzP-ky*b4)avB8?gH@+u?&ut#`ylz0smZf1)yzg^6_CD~Ka_gj4tvnWE'
    'H;e@3nPTPe$qNJ(m};r1BMerl$kZgkOb26p?g&hYwdYZfN4)pgbA(1xtwVC=dgq2dC&dwA<hXS^5uP7wcEn#Np5L<t58^Pg*BTn-'
    's#U9)4#&>!DknAjiMHs6UGXAY)F^MwU{Bl7+veQE_JfArGEFLsaytD4(aO&R9a&)#Q&^6vn{<>-F_p=iq<wVLSjPlSb!gfuq<=n%'
    '0^Xw;7qeZ}{nw47MaSLDSxTL#VS`REnH4tZWac|1=yZq9jN0jUQQO)7ZLQW^OK&tygU*d@<rS7^>X2rcJf!oP>4Kn(9lA7X%?T5<'
    'emPT(i&#SUdp%s)m(|n_-7s1PRbZE4zlyB2T4uc_=z524jPki%{|((dAbo<RJ?X83(q_{{xwj!zAgzu{9a1fgd?%CN6?Csd_tS^r'
    'W%>Y4xHs~oQk6;RbCag4lUmI4dRf~48a%>j9&a!J+h7;`0Mddal|TjPU>+=kSD+6DU<-T(U%)ol0pGy)g~OU7k0%tzSLN?WQ`$YO'
    '41WN78Trf'
))  # fmt: skip
"""whole: 0 to 23 as (2, 3, 4); turned: 0 to 23 as (4, 6), transposed; part: 5 to 8 of 24; count: 7; half: .5 and -2."""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "weights.pth"


def test_tensors_are_those_that_were_saved(file):
    file.write_bytes(SAVED)
    found, numbers = tensors(file), np.arange(24, dtype=np.float32)
    assert list(found) == ["whole", "turned", "part", "count", "half"]
    np.testing.assert_array_equal(found["whole"], numbers.reshape(2, 3, 4))
    np.testing.assert_array_equal(found["turned"], numbers.reshape(4, 6).T)
    assert found["part"].tolist() == [5, 6, 7, 8] and found["count"] == 7 and found["half"].tolist() == [0.5, -2]
    assert [found[name].dtype for name in ("whole", "count", "half")] == [np.float32, np.int64, np.float16]


@pytest.mark.parametrize("length", [0, 10, 300, 700, len(SAVED) - 4])
def test_a_file_that_is_cut_off_is_an_error(file, length):
    file.write_bytes(SAVED[:length])
    with pytest.raises((ValueError, LookupError, EOFError)):
        tensors(file)


def test_no_code_is_run(file):
    head = b"".join(pickle.dumps(part, 2) for part in (MAGIC, 1001, {}))
    for content in (head + pickle.dumps(Path("run me")), pickle.dumps(print) + SAVED):
        file.write_bytes(content)
        with pytest.raises(ValueError, match="it wants .*: only tensors are allowed in it"):
            tensors(file)
    file.write_bytes(pickle.dumps(7) + SAVED)
    with pytest.raises(ValueError, match="it is no file of PyTorch's"):
        tensors(file)


def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(file):
    # "part" begins at the sixth of 24 numbers: here it would begin at the 23rd.
    file.write_bytes(SAVED.replace(b"K\x05K\x04\x85", b"K\x16K\x04\x85"))
    with pytest.raises(ValueError, match=r"a tensor of shape \(4,\) reaches beyond its storage"):
        tensors(file)
